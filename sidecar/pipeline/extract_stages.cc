// SPDX-License-Identifier: Apache-2.0
//
// json, logfmt and regex: stages that take values out of a line.
#include <algorithm>
#include <array>
#include <utility>

#include "sidecar/pipeline/json_paths.h"
#include "sidecar/pipeline/logfmt_scan.h"
#include "sidecar/pipeline/regex.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {
namespace {

const std::string& OrName(const std::string& value, const std::string& name) {
  return value.empty() ? name : value;
}

class JsonStage : public Stage {
 public:
  JsonStage(JsonPaths paths, std::vector<std::size_t> slots, int source, bool drop_malformed,
            std::size_t failure)
      : paths_(std::move(paths)),
        slots_(std::move(slots)),
        source_(source),
        drop_malformed_(drop_malformed),
        failure_(failure) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    std::array<Value, JsonPaths::kMaxPaths> found;
    if (!paths_.Extract(text, line.arena, std::span(found).first(slots_.size()))) {
      line.drop_reason = "malformed_json";
      if (!drop_malformed_) line.Failed(failure_, text);
      return !drop_malformed_;
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) line.values[slots_[i]] = found[i];
    return true;
  }

 private:
  JsonPaths paths_;
  std::vector<std::size_t> slots_;
  int source_;
  bool drop_malformed_;
  std::size_t failure_;
};

class LogfmtStage : public Stage {
 public:
  struct Key {
    std::string key;
    std::size_t slot;
  };
  LogfmtStage(std::vector<Key> keys, int source, std::size_t failure)
      : keys_(std::move(keys)), source_(source), failure_(failure) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    const auto take = [&](std::string_view key, std::string_view value) {
      for (const Key& known : keys_) {
        if (known.key == key) line.values[known.slot] = TextValue(value);
      }
    };
    if (!ScanLogfmt(text, line.arena, take)) line.Failed(failure_, text);
    return true;
  }

 private:
  std::vector<Key> keys_;
  int source_;
  std::size_t failure_;
};

class RegexStage : public Stage {
 public:
  RegexStage(Regex regex, std::vector<int> slots, int source, std::size_t unmatched)
      : regex_(std::move(regex)),
        slots_(std::move(slots)),
        source_(source),
        unmatched_(unmatched) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    std::array<std::string_view, Regex::kMaxGroups> groups;
    if (!regex_.Find(text, 0, std::span(groups).first(slots_.size()))) {
      line.Failed(unmatched_, text);
      return true;
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i] >= 0) line.values[static_cast<std::size_t>(slots_[i])] = TextValue(groups[i]);
    }
    return true;
  }

 private:
  Regex regex_;
  std::vector<int> slots_;
  int source_;
  std::size_t unmatched_;
};

}  // namespace

Result<StagePtr> MakeStage(const JsonSpec& spec, StageContext& context) {
  if (spec.expressions.empty() || spec.expressions.size() > JsonPaths::kMaxPaths) {
    return Fail(Code::kInvalid, "needs expressions, from 1 to 64: a name and a path for each");
  }
  std::vector<JsonPaths::Path> paths;
  std::vector<std::size_t> slots;
  for (const auto& [name, expression] : spec.expressions) {
    auto path = JsonPaths::ParsePath(OrName(expression, name));
    if (!path) return Context("expressions." + name, path.error());
    paths.push_back(std::move(*path));
    slots.push_back(static_cast<std::size_t>(context.Slot(name)));
  }
  return StagePtr(std::make_unique<JsonStage>(JsonPaths(std::move(paths)), std::move(slots),
                                              context.Source(spec.source), spec.drop_malformed,
                                              context.Failure("json", "malformed")));
}

Result<StagePtr> MakeStage(const LogfmtSpec& spec, StageContext& context) {
  if (spec.mapping.empty()) {
    return Fail(Code::kInvalid, "needs mapping: a name and a key of the line for each value");
  }
  std::vector<LogfmtStage::Key> keys;
  for (const auto& [name, key] : spec.mapping) {
    keys.push_back({OrName(key, name), static_cast<std::size_t>(context.Slot(name))});
  }
  return StagePtr(std::make_unique<LogfmtStage>(std::move(keys), context.Source(spec.source),
                                                context.Failure("logfmt", "malformed")));
}

Result<StagePtr> MakeStage(const RegexSpec& spec, StageContext& context) {
  if (spec.expression.empty()) return Fail(Code::kInvalid, "needs an expression");
  auto regex = Regex::Compile(spec.expression);
  if (!regex) return Context("expression", regex.error());
  auto slots = context.GroupSlots(*regex);
  if (std::all_of(slots.begin(), slots.end(), [](int slot) { return slot < 0; })) {
    return Fail(Code::kInvalid,
                "expression has no named group, so it takes out nothing: add one "
                "such as (?P<level>[a-z]+)");
  }
  return StagePtr(std::make_unique<RegexStage>(std::move(*regex), std::move(slots),
                                               context.Source(spec.source),
                                               context.Failure("regex", StageFailure::kUnmatched)));
}

}  // namespace telltale
