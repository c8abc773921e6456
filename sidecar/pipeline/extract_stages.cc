// SPDX-License-Identifier: Apache-2.0
//
// json, logfmt, regex and replace: what takes values out of a line.
#include <algorithm>
#include <array>
#include <utility>

#include "sidecar/pipeline/json_paths.h"
#include "sidecar/pipeline/logfmt_scan.h"
#include "sidecar/pipeline/regex.h"
#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/template.h"

namespace telltale {
namespace {

const std::string& OrName(const std::string& value, const std::string& name) {
  return value.empty() ? name : value;
}

class JsonStage : public Stage {
 public:
  JsonStage(JsonPaths paths, std::vector<std::size_t> slots, int source, bool drop_malformed)
      : paths_(std::move(paths)),
        slots_(std::move(slots)),
        source_(source),
        drop_malformed_(drop_malformed) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    std::array<Value, JsonPaths::kMaxPaths> found;
    if (!paths_.Extract(text, line.arena, std::span(found).first(slots_.size()))) {
      line.drop_reason = "malformed_json";
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
};

class LogfmtStage : public Stage {
 public:
  struct Key {
    std::string key;
    std::size_t slot;
  };
  LogfmtStage(std::vector<Key> keys, int source) : keys_(std::move(keys)), source_(source) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    ScanLogfmt(text, line.arena, [&](std::string_view key, std::string_view value) {
      for (const Key& known : keys_) {
        if (known.key == key) line.values[known.slot] = TextValue(value);
      }
    });
    return true;
  }

 private:
  std::vector<Key> keys_;
  int source_;
};

// The slots of the named groups, in the order of the groups; -1 for one without a name.
std::vector<int> GroupSlots(const Regex& regex, StageContext& context) {
  std::vector<int> slots;
  for (std::size_t i = 0; i < regex.groups(); ++i) {
    slots.push_back(regex.name(i).empty() ? -1 : context.Slot(regex.name(i)));
  }
  return slots;
}

class RegexStage : public Stage {
 public:
  RegexStage(Regex regex, std::vector<int> slots, int source)
      : regex_(std::move(regex)), slots_(std::move(slots)), source_(source) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    std::array<std::string_view, Regex::kMaxGroups> groups;
    if (!regex_.Find(text, 0, std::span(groups).first(slots_.size()))) return true;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i] >= 0) line.values[static_cast<std::size_t>(slots_[i])] = TextValue(groups[i]);
    }
    return true;
  }

 private:
  Regex regex_;
  std::vector<int> slots_;
  int source_;
};

// Each group of each match is replaced by what the template makes of it, as Promtail does it.
class ReplaceStage : public Stage {
 public:
  ReplaceStage(Regex regex, std::vector<int> group_slots, Template replace,
               std::vector<std::pair<std::string, int>> names, int source)
      : regex_(std::move(regex)),
        group_slots_(std::move(group_slots)),
        replace_(std::move(replace)),
        names_(std::move(names)),
        source_(source) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    std::array<std::string_view, Regex::kMaxGroups> groups, first;
    const auto found = std::span(groups).first(group_slots_.size());
    if (!regex_.Find(text, 0, found)) return true;
    first = groups;
    std::string out;
    std::vector<std::pair<std::string_view, std::string>> made;  // what each text became
    std::size_t done = 0;
    std::size_t from = 0, previous_end = text.npos;
    while (from <= text.size() && regex_.Find(text, from, found)) {
      const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
      const std::size_t end = start + groups[0].size();
      // As Go finds all matches: an empty one right behind another does not count.
      const bool counts = end != from || start != previous_end;
      for (std::size_t i = 1; counts && i < found.size(); ++i) {
        if (groups[i].data() == nullptr) continue;
        const auto at = static_cast<std::size_t>(groups[i].data() - text.data());
        std::string value = Render(line, groups[i]);
        if (done == 0 || done <= at) {
          out.append(text.substr(done, at - done)).append(value);
          done = at + groups[i].size();
        }
        made.emplace_back(groups[i], std::move(value));
      }
      from = end == from ? NextCharacter(text, end) : end;
      previous_end = end;
    }
    out.append(text.substr(done));
    const std::string_view result = line.arena.Copy(out);
    if (source_ == StageContext::kLine) {
      line.text = result;
    } else {
      line.values[static_cast<std::size_t>(source_)] = TextValue(result);
    }
    for (std::size_t i = 1; i < group_slots_.size(); ++i) {
      if (group_slots_[i] < 0) continue;
      const std::string_view was = first[i].data() == nullptr ? std::string_view() : first[i];
      for (auto it = made.rbegin(); it != made.rend(); ++it) {
        if (it->first != was) continue;
        line.values[static_cast<std::size_t>(group_slots_[i])] =
            TextValue(line.arena.Copy(it->second));
        break;
      }
    }
    return true;
  }

 private:
  static std::size_t NextCharacter(std::string_view text, std::size_t at) {
    do {
      ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80);
    return at;
  }

  std::string Render(const LineState& line, std::string_view captured) const {
    std::string out;
    replace_.Render(
        [&](std::string_view name, std::string_view& value) {
          if (name == "Value") {
            value = captured;
            return true;
          }
          for (const auto& [known, slot] : names_) {
            if (known == name) return StageInput(line, slot, value);
          }
          return false;
        },
        out);
    return out;
  }

  Regex regex_;
  std::vector<int> group_slots_;
  Template replace_;
  std::vector<std::pair<std::string, int>> names_;
  int source_;
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
                                              context.Source(spec.source), spec.drop_malformed));
}

Result<StagePtr> MakeStage(const LogfmtSpec& spec, StageContext& context) {
  if (spec.mapping.empty()) {
    return Fail(Code::kInvalid, "needs mapping: a name and a key of the line for each value");
  }
  std::vector<LogfmtStage::Key> keys;
  for (const auto& [name, key] : spec.mapping) {
    keys.push_back({OrName(key, name), static_cast<std::size_t>(context.Slot(name))});
  }
  return StagePtr(std::make_unique<LogfmtStage>(std::move(keys), context.Source(spec.source)));
}

Result<StagePtr> MakeStage(const RegexSpec& spec, StageContext& context) {
  if (spec.expression.empty()) return Fail(Code::kInvalid, "needs an expression");
  auto regex = Regex::Compile(spec.expression);
  if (!regex) return Context("expression", regex.error());
  auto slots = GroupSlots(*regex, context);
  if (std::all_of(slots.begin(), slots.end(), [](int slot) { return slot < 0; })) {
    return Fail(Code::kInvalid,
                "expression has no named group, so it takes out nothing: add one "
                "such as (?P<level>[a-z]+)");
  }
  return StagePtr(std::make_unique<RegexStage>(std::move(*regex), std::move(slots),
                                               context.Source(spec.source)));
}

Result<StagePtr> MakeStage(const ReplaceSpec& spec, StageContext& context) {
  if (spec.expression.empty()) return Fail(Code::kInvalid, "needs an expression");
  auto regex = Regex::Compile(spec.expression);
  if (!regex) return Context("expression", regex.error());
  if (regex->groups() < 2) {
    return Fail(Code::kInvalid,
                "expression has no group, and only groups are replaced: put "
                "parentheses around what is to go");
  }
  auto replace = Template::Compile(spec.replace);
  if (!replace) return Context("replace", replace.error());
  std::vector<std::pair<std::string, int>> names;
  for (const std::string& name : replace->Names()) names.emplace_back(name, context.Slot(name));
  auto slots = GroupSlots(*regex, context);
  return StagePtr(std::make_unique<ReplaceStage>(std::move(*regex), std::move(slots),
                                                 std::move(*replace), std::move(names),
                                                 context.Source(spec.source)));
}

}  // namespace telltale
