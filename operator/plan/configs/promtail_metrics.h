// SPDX-License-Identifier: Apache-2.0
//
// Metrics of a metrics stage on Promtail's page, which all MonitoringTargets share. The page is an
// error, and the kubelet restarts Promtail for it, if two metrics of one name have another type, or
// if one has the name of Promtail's own. Internal to operator/plan; pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/yaml_reader.h"

namespace telltale {

struct PromtailMetric {
  std::string name;  // with its prefix
  std::string type;
};

// "" or what is wrong with one metric, whose options are all in one map.
std::string MetricProblem(const PromtailMetric& metric, const YamlNode& options);

// Whether two metrics cannot stand on one page.
bool Clash(const PromtailMetric& a, const PromtailMetric& b);

// Which metrics are taken by whom. Who comes first keeps a name.
class MetricNames {
 public:
  // "" or a sentence; then nothing is taken.
  std::string Take(const std::vector<PromtailMetric>& metrics);

 private:
  // The one that is here already and clashes.
  const PromtailMetric* Find(const PromtailMetric& metric) const;

  std::map<std::string, PromtailMetric> taken_;  // by name
};

}  // namespace telltale
