// SPDX-License-Identifier: Apache-2.0
//
// PromtailCheck: whether Promtail takes a scrape config of ours. Promtail reads one file for all
// MonitoringTargets, and for one stage that it refuses it does not start, or reads nothing after a
// reload. So each scrape config is checked as it stands in the file, whatever was checked before,
// and what is not known to be right is refused: a stage or an option that is not in the tables here
// never reaches Promtail. Regular expressions, templates, selectors, JSON paths and time zones are
// compiled by the sidecar's own code. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/text/yaml_reader.h"
#include "operator/plan/configs/promtail_metrics.h"

namespace telltale {

class PromtailCheck {
 public:
  // `version` of Promtail: of 3.0 and later everything is used, of what is older, or no version at
  // all, what 2.2.1 has.
  explicit PromtailCheck(std::string_view version);

  // `part` is one element of scrape_configs. An error names the field of the MonitoringTarget:
  // "spec.logs.pipeline[0].timestamp.location: ...".
  Status Check(std::string_view part);
  // Of the part that was checked last.
  const std::vector<PromtailMetric>& metrics() const { return metrics_; }

 private:
  Status ScrapeConfig(const YamlNode& config);
  Status Relabeling(const YamlNode& rules) const;
  Status Stages(const YamlNode& stages, const std::string& path, std::size_t own);
  Status Stage(std::string_view stage, const YamlNode& options, const std::string& path);
  Status Options(std::string_view stage, const YamlNode& options, const std::string& path);
  Status Labels(std::string_view stage, const YamlNode& values, const std::string& path) const;
  Status Metrics(const YamlNode& metrics, const std::string& path);
  Error NotKnown(const std::string& path, std::string_view what) const;

  const std::string version_;
  const bool newer_;
  std::vector<PromtailMetric> metrics_;
};

}  // namespace telltale
