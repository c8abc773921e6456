// SPDX-License-Identifier: Apache-2.0
//
// Stages of somebody's configuration over somebody's lines: the first line of the input is a
// sidecar's `pipeline` as JSON, the others are log lines. Whatever both are, what comes out is text
// that Loki takes, and the same for the same input, also when it is run in two batches. What
// metrics stages count goes onto a page, and ends no process whatever its names are.
#include <string>
#include <vector>

#include "common/base/check.h"
#include "common/base/clean_utf8.h"
#include "common/text/yaml_reader.h"
#include "sidecar/config/sidecar_config.h"
#include "sidecar/pipeline/pipeline.h"
#include "sidecar/ship/log_metrics.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::int64_t kNow = 1'795'222'923'000'000'000;

std::shared_ptr<const Pipeline> Configured(std::string_view stages) {
  const std::string config = R"({"version":1,"logs":[{"files":{"include":["/x"]},"pipeline":)" +
                             std::string(stages) + "}]}";
  auto root = ParseYaml(config);
  if (!root) return nullptr;
  std::vector<std::string> problems;
  const SidecarConfig decoded = DecodeSidecarConfig(*root, "fuzz.json", problems);
  if (!problems.empty() || decoded.logs.size() != 1) return nullptr;
  auto pipeline = Pipeline::Compile(decoded.logs[0].pipeline);
  TELLTALE_CHECK(pipeline.ok());  // the decoder said that it is good
  return *pipeline;
}

class Run {
 public:
  explicit Run(const Pipeline& pipeline) : pipeline_(pipeline) {
    base_.fill({{"app", "shop"}, {"filename", "/a.log"}});
    Begin({});
  }
  void Begin(const std::string& memory) {
    run_.Begin(pipeline_, base_, "/a.log", memory, kNow);
    joiner_.Begin(pipeline_.multiline(), run_.multiline_memory());
  }
  void NextBatch() {
    joiner_.Finish([&](const LogEntry& entry) { Stages(entry); });
    Begin(run_.Memory(run_.words()));
  }
  void Line(std::string_view text) {
    LogEntry entry;
    entry.text = text;
    entry.begin = at_;
    entry.bytes = text.size() + 1;
    entry.time = kNow + static_cast<std::int64_t>(at_);
    entry.stream = at_ % 3 == 0 ? LogStream::kStderr : LogStream::kStdout;
    at_ += entry.bytes;
    if (pipeline_.multiline() == nullptr) return Stages(entry);
    joiner_.Add(entry, [] {}, [&](const LogEntry& block) { Stages(block); });
  }
  const std::string& out() const { return out_; }
  const MetricDeltas& metrics() const { return run_.metrics(); }

 private:
  void Stages(const LogEntry& entry) {
    if (!run_.Line(entry)) {
      TELLTALE_CHECK(!run_.line().drop_reason.empty());
      out_ += "dropped\n";
      return;
    }
    const LineState& line = run_.line();
    TELLTALE_CHECK(line.text.size() <= kMaxLine && IsCleanUtf8(line.text) && line.time >= 0);
    for (const auto& [name, value] : line.metadata) TELLTALE_CHECK(IsCleanUtf8(value));
    for (const auto& [name, value] : StreamLabels(line, pipeline_.label_names())) {
      TELLTALE_CHECK(IsLabelName(name) && !value.empty() && value.size() <= 2048);
      out_ += name + "=" + value + " ";
    }
    AppendStreamKey(line, out_);
    out_ += std::to_string(line.time) + " " + std::string(line.text) + "\n";
  }

  const Pipeline& pipeline_;
  PipelineRun run_;
  PipelineRun::BaseLabels base_;
  MultilineJoiner joiner_;
  std::uint64_t at_ = 0;
  std::string out_;
};

std::string Output(const Pipeline& pipeline, const std::vector<std::string>& lines,
                   std::size_t batch) {
  Run run(pipeline);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && i % batch == 0) run.NextBatch();
    run.Line(lines[i]);
  }
  run.NextBatch();
  return run.out();
}

void ShowMetrics(const std::shared_ptr<const Pipeline>& pipeline,
                 const std::vector<std::string>& lines) {
  Run run(*pipeline);
  for (const std::string& line : lines) run.Line(line);
  LogSource source;
  source.pipeline = pipeline;
  Registry registry;
  LogMetrics metrics(registry, RealClock());
  SeriesTotals totals;
  metrics.Configure({source}, totals);
  auto deltas = metrics.Name(*pipeline, run.metrics().series());
  metrics.Admit(deltas);
  for (const SeriesDelta& delta : deltas) ApplyDelta(totals, delta);
  metrics.Apply(deltas, totals);
  metrics.Configure({source, source}, totals);
  std::string page;
  registry.Render(page);
  metrics.Configure({}, totals);
}

}  // namespace

void FuzzOne(std::string_view text) {
  const auto pipeline = Configured(TakeLine(text));
  if (!pipeline) return;
  std::vector<std::string> lines;
  while (!text.empty()) AppendCleanUtf8(TakeLine(text), kMaxLine, lines.emplace_back());
  ShowMetrics(pipeline, lines);
  const std::string all = Output(*pipeline, lines, lines.size() + 1);
  TELLTALE_CHECK(all == Output(*pipeline, lines, lines.size() + 1));
  // Blocks end with their batch, everything else goes on in the next one.
  if (pipeline->multiline() == nullptr) TELLTALE_CHECK(all == Output(*pipeline, lines, 2));
}

}  // namespace telltale
