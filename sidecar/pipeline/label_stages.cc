// SPDX-License-Identifier: Apache-2.0
//
// labels, labelDrop and structuredMetadata: stages that change what a line is labelled with.
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/clean_utf8.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {
namespace {

// Loki's max_label_value_length: Loki refuses a stream with a longer value.
constexpr std::size_t kMaxLabelValue = 2048;

// Loki refuses a push with a NUL, which a JSON string may have as "\u0000", or half a character.
std::string_view Clean(std::string_view text, Arena& arena) {
  if (IsCleanUtf8(text)) return text;
  std::string clean;
  AppendCleanUtf8(text, text.npos, clean);
  return arena.Copy(clean);
}

// Where a line comes from is not for the line to say.
constexpr std::string_view kPlace[] = {"namespace", "pod", "container", "node"};

class LabelsStage : public Stage {
 public:
  struct Label {
    std::size_t label, slot;
    bool fixed;  // what the stream has stays
  };
  explicit LabelsStage(std::vector<Label> labels) : labels_(std::move(labels)) {}

  bool Run(LineState& line) const override {
    for (const auto [label, slot, fixed] : labels_) {
      const Value& value = line.values[slot];
      if (!value.has_text()) continue;
      std::string_view text = value.text;
      if (text.size() > kMaxLabelValue) text = text.substr(0, Utf8Cut(text, kMaxLabelValue));
      LabelState& state = line.labels[label];
      const bool own = state.kind == LabelState::Kind::kBase && state.value.data() != nullptr;
      if (own && (fixed || state.value == text)) continue;
      state = {text, LabelState::Kind::kSet};
      line.labels_changed = true;
    }
    return true;
  }

 private:
  std::vector<Label> labels_;
};

// Moves labels and values into the structured metadata.
class MetadataStage : public Stage {
 public:
  struct Item {
    std::string name;
    std::size_t slot, label;  // of the source
    bool fixed;               // the label stays where it is
  };
  explicit MetadataStage(std::vector<Item> items) : items_(std::move(items)) {}

  bool Run(LineState& line) const override {
    for (const Item& item : items_) {
      const Value& value = line.values[item.slot];
      LabelState& label = line.labels[item.label];
      const bool has_label =
          label.kind != LabelState::Kind::kRemoved && label.value.data() != nullptr;
      std::string_view text = value.text;
      if (!value.has_text()) {
        if (!has_label) continue;
        text = label.value;
      }
      Put(line, item.name, Clean(text, line.arena));
      if (has_label && label.value == text && !item.fixed) {
        label = {{}, LabelState::Kind::kRemoved};
        line.labels_changed = true;
      }
    }
    return true;
  }

 private:
  static void Put(LineState& line, std::string_view name, std::string_view value) {
    for (MetadataPair& pair : line.metadata) {
      if (pair.name != name) continue;
      pair.value = value;
      return;
    }
    line.metadata.push_back({name, value});
  }

  std::vector<Item> items_;
};

class LabelDropStage : public Stage {
 public:
  explicit LabelDropStage(std::vector<std::size_t> labels) : labels_(std::move(labels)) {}

  bool Run(LineState& line) const override {
    for (const std::size_t i : labels_) {
      LabelState& label = line.labels[i];
      if (label.kind == LabelState::Kind::kBase && label.value.data() == nullptr) continue;
      label = {{}, LabelState::Kind::kRemoved};
      line.labels_changed = true;
    }
    return true;
  }

 private:
  std::vector<std::size_t> labels_;
};

Status CheckNames(const Labels& values) {
  if (values.empty()) return Fail(Code::kInvalid, "needs a name and the value it comes from");
  for (const auto& [name, source] : values) {
    if (!IsLabelName(name) || name.starts_with("__")) {
      return Fail(Code::kInvalid, "\"" + name +
                                      "\" must have letters, digits and underscores, and start "
                                      "with no digit and not with two underscores");
    }
  }
  return {};
}

}  // namespace

Result<StagePtr> MakeStage(const LabelsSpec& spec, StageContext& context) {
  TELLTALE_TRY(CheckNames(spec.values));
  std::vector<LabelsStage::Label> labels;
  for (const auto& [name, source] : spec.values) {
    labels.push_back({static_cast<std::size_t>(context.Label(name)),
                      static_cast<std::size_t>(context.Slot(source.empty() ? name : source)),
                      std::ranges::find(kPlace, name) != std::end(kPlace)});
  }
  return StagePtr(std::make_unique<LabelsStage>(std::move(labels)));
}

Result<StagePtr> MakeStage(const MetadataSpec& spec, StageContext& context) {
  TELLTALE_TRY(CheckNames(spec.values));
  std::vector<MetadataStage::Item> items;
  for (const auto& [name, source] : spec.values) {
    const std::string& from = source.empty() ? name : source;
    items.push_back({name, static_cast<std::size_t>(context.Slot(from)),
                     static_cast<std::size_t>(context.Label(from)), from == "namespace"});
  }
  return StagePtr(std::make_unique<MetadataStage>(std::move(items)));
}

Result<StagePtr> MakeStage(const LabelDropSpec& spec, StageContext& context) {
  if (spec.names.empty()) return Fail(Code::kInvalid, "needs names: the labels that go");
  std::vector<std::size_t> labels;
  for (const std::string& name : spec.names) {
    if (!IsLabelName(name)) {
      return Fail(Code::kInvalid, "\"" + name + "\" is no name of a label");
    }
    // Without it nothing says where the lines come from, and a stream needs at least one label.
    if (name == "namespace") return Fail(Code::kInvalid, "must not drop the label namespace");
    labels.push_back(static_cast<std::size_t>(context.Label(name)));
  }
  return StagePtr(std::make_unique<LabelDropStage>(std::move(labels)));
}

}  // namespace telltale
