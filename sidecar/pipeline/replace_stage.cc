// SPDX-License-Identifier: Apache-2.0
//
// replace: puts other text in place of what the groups of an expression match.
#include <array>
#include <utility>

#include "sidecar/pipeline/regex.h"
#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/template_fields.h"

namespace telltale {
namespace {

// Replaces each group of each match by the result of the template, as Promtail does.
class ReplaceStage : public Stage {
 public:
  ReplaceStage(Regex regex, std::vector<int> group_slots, TemplateFields replace, int source)
      : regex_(std::move(regex)),
        group_slots_(std::move(group_slots)),
        replace_(std::move(replace)),
        source_(source) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    std::array<std::string_view, Regex::kMaxGroups> groups, first;
    const auto found = std::span(groups).first(group_slots_.size());
    if (!regex_.Find(text, 0, found)) return true;
    first = groups;
    std::string out;
    std::vector<std::pair<std::string_view, std::string>>
        made;  // each replaced text and its result
    std::size_t done = 0;
    std::size_t from = 0, previous_end = text.npos;
    while (from <= text.size() && regex_.Find(text, from, found)) {
      const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
      const std::size_t end = start + groups[0].size();
      // As in Go, an empty match right behind another match does not count.
      const bool counts = end != from || start != previous_end;
      for (std::size_t i = 1; counts && i < found.size(); ++i) {
        if (groups[i].data() == nullptr) continue;
        const auto at = static_cast<std::size_t>(groups[i].data() - text.data());
        std::string value;
        replace_.Render(line, groups[i], value);
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

  Regex regex_;
  std::vector<int> group_slots_;
  TemplateFields replace_;
  int source_;
};

}  // namespace

Result<StagePtr> MakeStage(const ReplaceSpec& spec, StageContext& context) {
  if (spec.expression.empty()) return Fail(Code::kInvalid, "needs an expression");
  auto regex = Regex::Compile(spec.expression);
  if (!regex) return Context("expression", regex.error());
  if (regex->groups() < 2) {
    return Fail(Code::kInvalid,
                "expression has no group, and only groups are replaced: put "
                "parentheses around the part to replace");
  }
  auto replace = TemplateFields::Compile(spec.replace, context);
  if (!replace) return Context("replace", replace.error());
  auto slots = context.GroupSlots(*regex);
  return StagePtr(std::make_unique<ReplaceStage>(std::move(*regex), std::move(slots),
                                                 std::move(*replace), context.Source(spec.source)));
}

}  // namespace telltale
