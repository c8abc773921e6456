// SPDX-License-Identifier: Apache-2.0
//
// Runs the stages of a configuration over lines, without files: what comes out of each line, as
// text that a test can compare.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "sidecar/pipeline/pipeline.h"

namespace telltale {

constexpr std::int64_t kStageNow = 1'795'222'923'000'000'000;  // 2026-11-21T01:02:03Z

class StageRunner {
 public:
  explicit StageRunner(PipelineSpec spec, std::string memory = {},
                       const Labels& base = {{"app", "shop"}})
      : memory_(std::move(memory)) {
    auto compiled = Pipeline::Compile(spec);
    EXPECT_TRUE(compiled.ok()) << compiled.error().message;
    if (!compiled) return;
    pipeline_ = *compiled;
    for (Labels& labels : base_) labels = base;
    Begin();
  }
  void Begin() {
    run_.Begin(*pipeline_, base_, "/a.log", memory_, kStageNow);
    at_ = 0;
  }
  void NextBatch() {
    memory_ = run_.Memory(run_.words());
    Begin();
  }

  // The line's text, or "dropped: REASON".
  std::string Line(std::string_view text, std::int64_t time = kStageNow) {
    LogEntry entry;
    entry.text = text;
    entry.time = time;
    entry.begin = at_;
    entry.bytes = text.size() + 1;
    at_ += entry.bytes;
    if (!run_.Line(entry)) return "dropped: " + std::string(run_.line().drop_reason);
    return std::string(run_.line().text);
  }
  // "app=shop level=info" of the line before.
  std::string LabelsText() const {
    std::string out;
    for (const auto& [name, value] : StreamLabels(run_.line(), pipeline_->label_names())) {
      out += (out.empty() ? "" : " ") + name + "=" + value;
    }
    return out;
  }
  std::string MetadataText() const {
    std::string out;
    for (const auto& [name, value] : run_.line().metadata) {
      out += (out.empty() ? "" : " ") + std::string(name) + "=" + std::string(value);
    }
    return out;
  }
  // "json malformed 2 (the first such line), ..." of the batch.
  std::string FailuresText() const {
    std::string out;
    for (const StageFailure& failure : run_.failures()) {
      if (failure.lines == 0) continue;
      out += (out.empty() ? "" : ", ") + std::string(failure.stage) + " " +
             std::string(failure.reason) + " " + std::to_string(failure.lines) + " (" +
             failure.value + ")";
    }
    return out;
  }
  std::int64_t time() const { return run_.line().time; }
  const PipelineRun& run() const { return run_; }

 private:
  std::shared_ptr<const Pipeline> pipeline_;
  PipelineRun run_;
  PipelineRun::BaseLabels base_;
  std::string memory_;
  std::uint64_t at_ = 0;
};

inline std::string CompileError(PipelineSpec spec) {
  auto compiled = Pipeline::Compile(spec);
  return compiled ? "" : compiled.error().message;
}

}  // namespace telltale
