// SPDX-License-Identifier: Apache-2.0
//
// The stages of a sidecar's configuration over the lines of standard input, one JSON object for
// each entry that comes out: {"labels": {...}, "time": nanoseconds, "line": "...", "metadata":
// {...}}. test_promtail_stages.py compares it with what the real Promtail makes of the same.
//   pipeline_tool CONFIG < lines
#include <iostream>
#include <string>

#include "common/base/files.h"
#include "common/text/json_writer.h"
#include "common/text/yaml_reader.h"
#include "sidecar/config/sidecar_config.h"
#include "sidecar/pipeline/pipeline.h"

namespace telltale {
namespace {

constexpr std::int64_t kNow = 1'795'222'923'000'000'000;

void Print(const LineState& line, const Pipeline& pipeline) {
  std::string text;
  JsonWriter writer(&text);
  writer.BeginObject().Key("labels").BeginObject();
  for (const auto& [name, value] : StreamLabels(line, pipeline.label_names())) {
    writer.Field(name, value);
  }
  writer.EndObject().Key("time").Int(line.time);
  writer.Field("line", line.text).Key("metadata").BeginObject();
  for (const auto& [name, value] : line.metadata) writer.Field(name, value);
  writer.EndObject().EndObject();
  std::cout << text << '\n';
}

int Run(const std::string& path) {
  auto text = ReadFile(path, 1 << 20);
  auto root = text ? ParseYaml(*text) : Result<YamlNode>(text.error());
  if (!root) {
    std::cerr << root.error().message << '\n';
    return 2;
  }
  std::vector<std::string> problems;
  const SidecarConfig config = DecodeSidecarConfig(*root, path, problems);
  for (const std::string& problem : problems) std::cerr << problem << '\n';
  if (!problems.empty() || config.logs.empty()) return 1;
  auto pipeline = Pipeline::Compile(config.logs[0].pipeline);
  if (!pipeline) return 1;
  const Labels base = config.logs[0].labels;
  const PipelineRun::BaseLabels labels{base, base, base};
  PipelineRun run;
  run.Begin(**pipeline, labels, path, "", kNow);
  MultilineJoiner joiner;
  joiner.Begin((*pipeline)->multiline(), run.multiline_memory());
  const auto stages = [&](const LogEntry& entry) {
    if (run.Line(entry)) Print(run.line(), **pipeline);
  };
  std::string line;
  std::uint64_t at = 0;
  while (std::getline(std::cin, line)) {
    LogEntry entry;
    entry.text = line;
    entry.begin = at;
    entry.time = kNow + static_cast<std::int64_t>(at);
    at += line.size() + 1;
    if ((*pipeline)->multiline() == nullptr) {
      stages(entry);
    } else {
      joiner.Add(entry, [] {}, stages);
    }
  }
  if ((*pipeline)->multiline() != nullptr) joiner.Finish(stages);
  return 0;
}

}  // namespace
}  // namespace telltale

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: pipeline_tool CONFIG < lines\n";
    return 2;
  }
  return telltale::Run(argv[1]);
}
