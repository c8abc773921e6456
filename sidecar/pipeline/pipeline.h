// SPDX-License-Identifier: Apache-2.0
//
// The compiled stages of one log source, and one run of them over the lines of a batch.
//
// A batch is a function of the bytes of its range, the format, the pipeline and what the journal
// keeps: the times given to lines, the time at which the batch was made, and the memory of the
// stages at its start. Reading it again after a crash makes the same bytes, so Loki stores each
// line once. A dropped line is counted under the stage's reason and is not sent.
//
// Threads: a Pipeline is immutable and shared; a PipelineRun belongs to one thread. A run keeps its
// buffers from line to line; a line that no stage changes is never copied.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "sidecar/pipeline/arena.h"
#include "sidecar/pipeline/multiline.h"
#include "sidecar/pipeline/pipeline_spec.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {

class Pipeline {
 public:
  struct Pace {
    double rate = 0;  // lines per second; 0: as fast as they come
    std::uint64_t burst = 0;
  };

  // kInvalid with a sentence that starts with the stage, as in "[2].regex: expression must ...".
  static Result<std::shared_ptr<const Pipeline>> Compile(const PipelineSpec& spec);

  // Names the pipeline in the journal; never 0.
  std::uint64_t hash() const { return hash_; }
  const Multiline* multiline() const { return multiline_ ? &*multiline_ : nullptr; }
  const Pace& pace() const { return pace_; }
  const std::vector<MetricSpec>& metrics() const { return context_.metrics_; }
  const std::vector<AlertSpec>& alerts() const { return context_.alerts_; }
  // Labels that stages read or change, in the order of LineState::labels.
  const std::vector<std::string>& label_names() const { return context_.labels_; }

 private:
  friend class PipelineRun;
  StageContext context_;
  std::vector<StagePtr> stages_;
  std::optional<Multiline> multiline_;
  Pace pace_;
  std::uint64_t hash_ = 0;
};

class PipelineRun {
 public:
  static constexpr std::size_t kStreams = 3;  // of LogStream
  using BaseLabels = std::array<Labels, kStreams>;

  PipelineRun() : line_(metadata_, arena_, metrics_, alerts_) {}
  PipelineRun(const PipelineRun&) = delete;
  PipelineRun& operator=(const PipelineRun&) = delete;

  // Starts a batch. `base` are the labels of each stream before any stage. `memory` is the result
  // of Memory after the batch before; other text is ignored. `now` is when the batch was first
  // made. `pipeline` and `base` must outlive the batch.
  void Begin(const Pipeline& pipeline, const BaseLabels& base, std::string_view path,
             std::string_view memory, std::int64_t now);

  // Runs the stages over one line. False if it is dropped; line().drop_reason says why. Views in
  // line() are valid until the next call.
  bool Line(const LogEntry& entry);
  const LineState& line() const { return line_; }

  // The words of multiline, which come first.
  std::span<std::int64_t> multiline_memory() { return std::span(memory_).first(3); }

  // The memory of the stages after the lines so far.
  std::span<const std::int64_t> words() const { return memory_; }
  // The words as text, for Begin of the file's next batch; empty if all are zero.
  std::string Memory(std::span<const std::int64_t> words) const;
  const MetricDeltas& metrics() const { return metrics_; }
  const std::vector<AlertHit>& alerts() const { return alerts_; }
  // What stages could not do, one element for each stage and reason; mostly with 0 lines.
  const std::vector<StageFailure>& failures() const { return failures_; }

 private:
  void ReadMemory(std::string_view text);

  const Pipeline* pipeline_ = nullptr;
  std::array<std::vector<Value>, kStreams> base_values_;
  std::array<std::vector<LabelState>, kStreams> base_states_;
  std::vector<Value> values_;
  std::vector<LabelState> labels_;
  std::vector<MetadataPair> metadata_;
  std::vector<std::int64_t> memory_;
  Arena arena_;
  MetricDeltas metrics_;
  std::vector<AlertHit> alerts_;
  std::vector<StageFailure> failures_;
  const BaseLabels* base_ = nullptr;
  LineState line_;
};

}  // namespace telltale
