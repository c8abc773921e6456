// SPDX-License-Identifier: Apache-2.0
//
// One compiled stage, and what it sees of a line. Stages are immutable and know nothing of files or
// clocks: what a stage does to a line is a function of the line, of the batch's `now` and of its
// own `memory`, all of which the journal can give back. Internal to sidecar/pipeline.
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
#include "sidecar/pipeline/values.h"
#include "sidecar/tail/cri_line.h"

namespace telltale {

// A label of the stream that stages may change.
struct LabelState {
  enum class Kind : std::uint8_t { kBase, kSet, kRemoved };
  std::string_view value;  // of kSet; of kBase what the file has, without data if it has none
  Kind kind = Kind::kBase;
};

struct AlertHit {
  std::size_t alert = 0;  // index into Pipeline::alerts()
  Labels stream;          // of the line, by which alerts are grouped
  std::string line;
  std::int64_t time = 0;
  std::uint64_t offset = 0;  // of the line in its file
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

  // Of the batch.
  std::vector<MetadataPair>& metadata;
  Arena& arena;
  std::span<std::int64_t> memory;
  MetricDeltas& metrics;
  std::vector<AlertHit>& alerts;
  std::int64_t now = 0;
  std::uint64_t file_hash = 0;
  const Labels* base_labels = nullptr;  // of the file and this stream
};

class Stage {
 public:
  virtual ~Stage() = default;
  // False: the line is dropped for line.drop_reason.
  virtual bool Run(LineState& line) const = 0;
};

// Gives numbers to names while stages are compiled.
class StageContext {
 public:
  static constexpr int kLine = -1;  // the slot of the line itself

  int Slot(std::string_view name) { return Index(slots_, name); }
  // kLine when there is no source.
  int Source(const std::string& source) { return source.empty() ? kLine : Slot(source); }
  int Label(std::string_view name) { return Index(labels_, name); }
  std::size_t Memory(std::size_t count) {
    memory_ += count;
    return memory_ - count;
  }

  std::vector<std::string> slots_, labels_;
  std::size_t memory_ = 0;
  std::vector<MetricSpec> metrics_;
  std::vector<AlertSpec> alerts_;

 private:
  static int Index(std::vector<std::string>& names, std::string_view name);
};

// The text that a stage works on; false when there is none.
bool StageInput(const LineState& line, int slot, std::string_view& text);

// Appends what tells one stream of a file from another, the same for the same labels.
void AppendStreamKey(const LineState& line, std::string& key);
// The labels of the line's stream as it is now; empty ones are left out.
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
Result<StagePtr> MakeStage(const MetricsSpec& spec, StageContext& context);
Result<StagePtr> MakeStage(const AlertSpec& spec, StageContext& context);

}  // namespace telltale
