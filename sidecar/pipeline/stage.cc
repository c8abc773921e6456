// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/stage.h"

#include <algorithm>

#include "common/base/clean_utf8.h"

namespace telltale {

int StageContext::Index(std::vector<std::string>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  const auto at = found - names.begin();
  if (found == names.end()) names.emplace_back(name);
  return static_cast<int>(at);
}

std::vector<int> StageContext::GroupSlots(const Regex& regex) {
  std::vector<int> slots;
  for (std::size_t i = 0; i < regex.groups(); ++i) {
    slots.push_back(regex.name(i).empty() ? -1 : Slot(regex.name(i)));
  }
  return slots;
}

void LineState::Failed(std::size_t failure, std::string_view value) {
  constexpr std::size_t kExcerpt = 120;
  StageFailure& counted = failures[failure];
  if (++counted.lines == 1) AppendCleanUtf8(value, kExcerpt, counted.value);
}

bool StageInput(const LineState& line, int slot, std::string_view& text) {
  if (slot == StageContext::kLine) {
    text = line.text;
    return true;
  }
  const Value& value = line.values[static_cast<std::size_t>(slot)];
  text = value.text;
  return value.has_text();
}

void AppendStreamKey(const LineState& line, std::string& key) {
  key += static_cast<char>(line.stream);
  if (!line.labels_changed) return;
  for (const LabelState& label : line.labels) {
    key += static_cast<char>(label.kind);
    if (label.kind != LabelState::Kind::kSet) continue;
    const auto size = static_cast<std::uint32_t>(label.value.size());
    key.append(reinterpret_cast<const char*>(&size), sizeof(size));
    key += label.value;
  }
}

Result<StagePtr> MakeAnyStage(const StageSpec& spec, StageContext& context) {
  return std::visit(
      [&](const auto& stage) -> Result<StagePtr> {
        if constexpr (std::is_same_v<std::decay_t<decltype(stage)>, MultilineSpec>) {
          return Fail(Code::kInvalid, "must be the first stage of the pipeline");
        } else {
          return MakeStage(stage, context);
        }
      },
      spec);
}

Labels StreamLabels(const LineState& line, std::span<const std::string> names) {
  Labels labels = *line.base_labels;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const LabelState& state = line.labels[i];
    if (state.kind == LabelState::Kind::kBase) continue;
    if (state.kind == LabelState::Kind::kSet && !state.value.empty()) {
      SetLabel(labels, names[i], state.value);
    } else {
      std::erase_if(labels, [&](const auto& label) { return label.first == names[i]; });
    }
  }
  return labels;
}

}  // namespace telltale
