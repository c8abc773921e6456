// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/logs_checks.h"

#include <set>
#include <string>
#include <utility>

#include "sidecar/config/logs_warnings.h"
#include "sidecar/pipeline/label_count.h"

namespace telltale {

// Labels of each entry together with those of all: a stream with too many is refused by Loki with
// all of its lines. At run time the surplus goes into the structured metadata, so what the operator
// wrote is used all the same. The pod's own labels are not counted here: outside of a pod there are
// none.
void CheckLabelCounts(Decoder& decoder, const YamlNode& root, const SidecarConfig& config) {
  const YamlNode* logs = root.Find("logs");
  if (logs == nullptr || logs->items.size() != config.logs.size()) return;
  for (std::size_t i = 0; i < config.logs.size(); ++i) {
    const LogFilesConfig& entry = config.logs[i];
    const std::string path = "logs[" + std::to_string(i) + "]";
    Labels labels = config.labels;
    for (const auto& [name, value] : entry.labels) SetLabel(labels, name, value);
    if (std::string clash = LabelClash(entry.pipeline, labels); !clash.empty()) {
      decoder.Unknown(logs->items[i], path + ": " + clash);
    }
    std::set<std::string> names{"filename", "stream"};
    for (const auto& [name, value] : labels) names.insert(name);
    const std::size_t count = LabelsAfter(entry.pipeline, std::move(names)).size();
    if (count <= static_cast<std::size_t>(config.loki.max_labels) || decoder.tolerant()) continue;
    decoder.Problem(logs->items[i],
                    path + " makes up to " + std::to_string(count) +
                        " labels for a stream with filename and stream, and loki.maxLabels is " +
                        std::to_string(config.loki.max_labels) +
                        ": move some into structuredMetadata, drop them with labelDrop, or raise "
                        "Loki's max_label_names_per_series and loki.maxLabels");
  }
}

// Warnings that need all entries.
void WarnOfLogs(Decoder& decoder, const YamlNode& root, const SidecarConfig& config) {
  const YamlNode* logs = root.Find("logs");
  if (logs == nullptr || logs->items.size() != config.logs.size()) return;
  for (std::size_t i = 0; i < config.logs.size(); ++i) {
    const YamlNode& entry = logs->items[i];
    const std::string path = "logs[" + std::to_string(i) + "]";
    const YamlNode* pipeline = entry.Find("pipeline");
    for (const std::string& sentence : StagesWithoutValue(config.logs[i], config.labels)) {
      decoder.Warning(pipeline != nullptr ? *pipeline : entry, path + ".pipeline: " + sentence);
    }
    const YamlNode* files = entry.Find("files");
    const YamlNode* include = files != nullptr ? files->Find("include") : nullptr;
    for (const std::string& sentence : PatternsExcluded(config.logs[i])) {
      decoder.Warning(include != nullptr ? *include : entry, path + ".files.include: " + sentence);
    }
    for (const std::string& sentence : PatternsTakenBefore(config.logs, i)) {
      decoder.Warning(include != nullptr ? *include : entry, path + ".files.include: " + sentence);
    }
  }
}

}  // namespace telltale
