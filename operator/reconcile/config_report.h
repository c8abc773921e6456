// SPDX-License-Identifier: Apache-2.0
//
// ConfigReport: what a try to write one ConfigMap means for each MonitoringTarget that it carries.
// Used by the reconcilers of ConfigMaps; not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "operator/reconcile/config_outcomes.h"
#include "operator/reconcile/controller/controller.h"

namespace telltale {

class ConfigReport {
 public:
  struct Part {
    std::int64_t generation = 0;
    std::size_t bytes = 0;
    bool in_place = false;     // the ConfigMap had it as it should be before the try
    bool left_out = false;     // it does not fit
    std::string refused = {};  // the readers would not take it, and why; it is left out
  };
  using Parts = std::map<std::string, Part>;  // by key of the MonitoringTarget

  // A write that fails for a moment (a server that restarts) is reported once it fails for this
  // long; one that is refused at once.
  static constexpr std::chrono::seconds kTransient{10};

  // `readers`, such as "sidecars of namespace shop", stands in the sentences.
  ConfigReport(ConfigOutcomes& outcomes, Clock& clock) : outcomes_(outcomes), clock_(clock) {}

  void Tried(const std::string& config_map, const std::string& readers, const Parts& parts,
             const ReconcileResult& result);
  // Nothing is wanted in this ConfigMap.
  void Nothing(const std::string& config_map);

 private:
  bool MustReport(const std::string& config_map, const ReconcileResult& result);

  ConfigOutcomes& outcomes_;
  Clock& clock_;
  std::map<std::string, SteadyTime> failing_since_;  // by ConfigMap
};

}  // namespace telltale
