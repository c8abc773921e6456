// SPDX-License-Identifier: Apache-2.0
//
// The compiled stages of one log source, and one run of them over the lines of a batch.
//
// A batch is a function of the bytes of its range, the format, the pipeline and what the journal
// keeps: the times that were given to lines, the moment it was made, and the memory of stages at
// its start. Reading it again after a crash makes the same bytes, so Loki stores each line once.
// What becomes of a dropped line: it is counted under the stage's reason and goes nowhere.
//
// Threads: a Pipeline is immutable and shared; a PipelineRun belongs to one thread. Memory: what a
// run needs for one line is kept for the next; a line that no stage touches is never copied.
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
  // Labels that stages may change, in the order of LineState::labels.
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

  // Starts a batch. `base` are the labels of each stream before any stage; `memory` is what Memory
  // returned behind the batch before, or anything else for a fresh start; `now` is when the batch
  // was made the first time. Base and pipeline must stay until the next Begin.
  void Begin(const Pipeline& pipeline, const BaseLabels& base, std::string_view path,
             std::string_view memory, std::int64_t now);

  // Runs the stages over one line; false when it is dropped, for line().drop_reason. What line()
  // refers to is valid until the next call.
  bool Line(const LogEntry& entry);
  const LineState& line() const { return line_; }

  // Of multiline; the first words of the memory of the run.
  std::span<std::int64_t> multiline_memory() { return std::span(memory_).first(3); }

  // What stages remember of the lines so far.
  std::span<const std::int64_t> words() const { return memory_; }
  // The same as Begin takes it, for the next batch of the file; empty when there is nothing.
  std::string Memory(std::span<const std::int64_t> words) const;
  const MetricDeltas& metrics() const { return metrics_; }
  const std::vector<AlertHit>& alerts() const { return alerts_; }

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
  const BaseLabels* base_ = nullptr;
  LineState line_;
};

}  // namespace telltale
