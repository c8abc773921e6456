// SPDX-License-Identifier: Apache-2.0
//
// timestamp, labels and structuredMetadata: what of a line is not its text.
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/clean_utf8.h"
#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/time/go_time.h"

namespace telltale {
namespace {

// Loki's max_label_value_length: one longer value and it refuses the stream.
constexpr std::size_t kMaxLabelValue = 2048;
constexpr std::size_t kStreams = 3;  // of LogStream

// Loki refuses a push for a NUL, which "\u0000" in a JSON string is, or for half a character.
std::string_view Clean(std::string_view text, Arena& arena) {
  if (IsCleanUtf8(text)) return text;
  std::string clean;
  AppendCleanUtf8(text, text.npos, clean);
  return arena.Copy(clean);
}

class TimestampStage : public Stage {
 public:
  TimestampStage(std::vector<TimeFormat> formats, std::size_t slot, bool fudge, std::size_t memory)
      : formats_(std::move(formats)), slot_(slot), fudge_(fudge), memory_(memory) {}

  // A line whose time equals that of the line before gets a nanosecond more: Loki takes lines with
  // the same time and text for one, and many applications write whole seconds.
  bool Run(LineState& line) const override {
    const auto last = line.memory.subspan(memory_ + 2 * static_cast<std::size_t>(line.stream), 2);
    std::int64_t& parsed = last[0];
    std::int64_t& given = last[1];
    const Value& value = line.values[slot_];
    std::optional<std::int64_t> time;
    for (std::size_t i = 0; value.has_text() && !time && i < formats_.size(); ++i) {
      time = formats_[i].Parse(value.text, line.now);
    }
    if (time) {
      given = *time == parsed ? given + 1 : *time;
      parsed = *time;
      line.time = given;
    } else if (fudge_ && given != 0) {
      line.time = ++given;
    }
    return true;
  }

 private:
  std::vector<TimeFormat> formats_;
  std::size_t slot_;
  bool fudge_;
  std::size_t memory_;
};

class LabelsStage : public Stage {
 public:
  struct Label {
    std::size_t label, slot;
  };
  explicit LabelsStage(std::vector<Label> labels) : labels_(std::move(labels)) {}

  bool Run(LineState& line) const override {
    for (const auto [label, slot] : labels_) {
      const Value& value = line.values[slot];
      if (!value.has_text()) continue;
      std::string_view text = value.text;
      if (text.size() > kMaxLabelValue) text = text.substr(0, Utf8Cut(text, kMaxLabelValue));
      LabelState& state = line.labels[label];
      if (state.kind == LabelState::Kind::kBase && state.value == text &&
          state.value.data() != nullptr) {
        continue;
      }
      state = {text, LabelState::Kind::kSet};
      line.labels_changed = true;
    }
    return true;
  }

 private:
  std::vector<Label> labels_;
};

// A label that goes into the metadata is no label any more.
class MetadataStage : public Stage {
 public:
  struct Item {
    std::string name;
    std::size_t slot, label;  // of the source
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
      if (has_label && label.value == text) {
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

Result<StagePtr> MakeStage(const TimestampSpec& spec, StageContext& context) {
  if (spec.source.empty()) return Fail(Code::kInvalid, "needs a source: the name of a value");
  if (spec.format.empty()) return Fail(Code::kInvalid, "needs a format such as RFC3339");
  std::shared_ptr<const TimeZone> zone;
  if (!spec.location.empty() && spec.location != "UTC") {
    auto loaded = TimeZone::Load(spec.location);
    if (!loaded) return Context("location", loaded.error());
    zone = *loaded;
  }
  std::vector<TimeFormat> formats;
  auto add = [&](std::string_view format) -> Status {
    auto compiled = TimeFormat::Compile(format, zone);
    if (!compiled) return Context("format", compiled.error());
    formats.push_back(std::move(*compiled));
    return {};
  };
  TELLTALE_TRY(add(spec.format));
  for (const std::string& format : spec.fallback_formats) TELLTALE_TRY(add(format));
  return StagePtr(std::make_unique<TimestampStage>(
      std::move(formats), static_cast<std::size_t>(context.Slot(spec.source)), spec.fudge,
      context.Memory(2 * kStreams)));
}

Result<StagePtr> MakeStage(const LabelsSpec& spec, StageContext& context) {
  TELLTALE_TRY(CheckNames(spec.values));
  std::vector<LabelsStage::Label> labels;
  for (const auto& [name, source] : spec.values) {
    labels.push_back({static_cast<std::size_t>(context.Label(name)),
                      static_cast<std::size_t>(context.Slot(source.empty() ? name : source))});
  }
  return StagePtr(std::make_unique<LabelsStage>(std::move(labels)));
}

Result<StagePtr> MakeStage(const MetadataSpec& spec, StageContext& context) {
  TELLTALE_TRY(CheckNames(spec.values));
  std::vector<MetadataStage::Item> items;
  for (const auto& [name, source] : spec.values) {
    const std::string& from = source.empty() ? name : source;
    items.push_back({name, static_cast<std::size_t>(context.Slot(from)),
                     static_cast<std::size_t>(context.Label(from))});
  }
  return StagePtr(std::make_unique<MetadataStage>(std::move(items)));
}

}  // namespace telltale
