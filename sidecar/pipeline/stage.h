// SPDX-License-Identifier: Apache-2.0
//
// One compiled stage, and the state of a line that it reads and changes. Stages are immutable and
// use neither files nor clocks: their effect is a function of the line, the batch's `now` and the
// stage's own `memory`, all of which the journal keeps. Internal to sidecar/pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/arena.h"
#include "sidecar/pipeline/metric_delta.h"
#include "sidecar/pipeline/pipeline_spec.h"
#include "sidecar/pipeline/regex.h"
#include "sidecar/pipeline/values.h"
#include "sidecar/tail/cri_line.h"

namespace telltale {

// A label of the stream that stages read or change.
struct LabelState {
  enum class Kind : std::uint8_t { kBase, kSet, kRemoved };
  std::string_view value;  // kBase: the file's, with null data if it has none
  Kind kind = Kind::kBase;
};

struct AlertHit {
  std::size_t alert = 0;  // index into Pipeline::alerts()
  Labels stream;          // of the line, by which alerts are grouped
  std::string line;
  std::int64_t time = 0;
  std::uint64_t offset = 0;  // of the line in its file
};

// How often a stage could not do its work in a batch, for one reason.
struct StageFailure {
  std::string_view stage, reason;  // "timestamp", "format"; of static storage
  std::uint64_t lines = 0;
  std::string value;  // of the first such line, shortened

  // A regex that does not match is normal: it is counted, but is no failure.
  bool is_failure() const { return reason != kUnmatched; }
  static constexpr std::string_view kUnmatched = "unmatched";
};

struct LineState {
  LineState(std::vector<MetadataPair>& metadata_of, Arena& arena_of, MetricDeltas& metrics_of,
            std::vector<AlertHit>& alerts_of)
      : metadata(metadata_of), arena(arena_of), metrics(metrics_of), alerts(alerts_of) {}

  std::string_view text;
  std::int64_t time = 0;       // what Loki gets
  std::int64_t read_time = 0;  // what it came with
  std::uint64_t offset = 0;    // of its first byte
  LogStream stream = LogStream::kNone;

  std::span<Value> values;       // by slot
  std::span<LabelState> labels;  // by label id
  bool labels_changed = false;
  std::string_view drop_reason;

  // The same for all lines of a batch.
  std::vector<MetadataPair>& metadata;
  Arena& arena;
  std::span<std::int64_t> memory;
  MetricDeltas& metrics;
  std::vector<AlertHit>& alerts;
  std::int64_t now = 0;
  std::uint64_t file_hash = 0;
  const Labels* base_labels = nullptr;  // of the file and this stream
  std::span<StageFailure> failures;     // by the numbers that StageContext::Failure gave

  // Counts a failure; `value` is what the stage could not use.
  void Failed(std::size_t failure, std::string_view value);
};

class Stage {
 public:
  virtual ~Stage() = default;
  // False if the line is dropped; line.drop_reason says why.
  virtual bool Run(LineState& line) const = 0;
};

// Numbers the names that stages use, while they are compiled.
class StageContext {
 public:
  static constexpr int kLine = -1;  // the slot of the line itself

  int Slot(std::string_view name) { return Index(slots_, name); }
  // kLine when there is no source.
  int Source(const std::string& source) { return source.empty() ? kLine : Slot(source); }
  int Label(std::string_view name) { return Index(labels_, name); }
  // The slots of the named groups, in the order of the groups; -1 for one without a name.
  std::vector<int> GroupSlots(const Regex& regex);
  std::size_t Memory(std::size_t count) {
    memory_ += count;
    return memory_ - count;
  }

  std::size_t Failure(std::string_view stage, std::string_view reason) {
    failures_.push_back({stage, reason, 0, {}});
    return failures_.size() - 1;
  }

  std::vector<std::string> slots_, labels_;
  std::vector<StageFailure> failures_;
  std::size_t memory_ = 0;
  std::vector<MetricSpec> metrics_;
  std::vector<AlertSpec> alerts_;

 private:
  static int Index(std::vector<std::string>& names, std::string_view name);
};

// The text that a stage works on: the line or a value. False if the value has no text.
bool StageInput(const LineState& line, int slot, std::string_view& text);

// Appends a key of the line's stream within its file: equal for equal labels.
void AppendStreamKey(const LineState& line, std::string& key);
// The labels of the line's stream after the stages so far, without empty ones.
Labels StreamLabels(const LineState& line, std::span<const std::string> names);

using StagePtr = std::unique_ptr<const Stage>;
Result<StagePtr> MakeStage(const JsonSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const LogfmtSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const RegexSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const ReplaceSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const TimestampSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const LabelsSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const MetadataSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const DropSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const SampleSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const LimitSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const MetricsStageSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const AlertSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const OutputSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const TemplateSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const MatchSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const LabelDropSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const DecolorizeSpec& spec, StageContext& context);
// Any stage but multiline, which is no stage of its own: kInvalid.
Result<StagePtr> MakeAnyStage(const StageSpec& spec, StageContext& context);

}  // namespace telltale
