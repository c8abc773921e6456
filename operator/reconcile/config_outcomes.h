// SPDX-License-Identifier: Apache-2.0
//
// ConfigOutcomes: what became of each MonitoringTarget's configuration in each ConfigMap that
// carries it. Filled by the reconcilers of ConfigMaps, read by StatusReconciler. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "common/base/mutex.h"
#include "operator/plan/status/config_state.h"

namespace telltale {

class ConfigOutcomes {
 public:
  struct Outcome {
    std::int64_t written = 0;  // the generation that the ConfigMap has; 0: none
    std::optional<ConfigProblem> problem;
    bool operator==(const Outcome&) const = default;
  };
  using ByTarget = std::map<std::string, Outcome>;  // by key of the MonitoringTarget

  // Called without a lock, on the thread of Set, with each MonitoringTarget whose outcome changed.
  // Set once, before the first Set.
  void OnChange(std::function<void(const std::string& target_key)> changed) {
    changed_ = std::move(changed);
  }

  // Forgets all, and tells nobody: another replica leads.
  void Clear();
  // Replaces all that was said of this ConfigMap (namespace/name).
  void Set(const std::string& config_map, ByTarget outcomes);
  ByTarget Get(const std::string& config_map) const;
  ConfigState Of(const std::string& target_key) const;

 private:
  std::function<void(const std::string&)> changed_;
  mutable Mutex mutex_;
  std::map<std::string, ByTarget> maps_ GUARDED_BY(mutex_);  // by ConfigMap
  // The ConfigMaps that have a target, so that a status need not look at all of them.
  std::map<std::string, std::map<std::string, Outcome>> targets_ GUARDED_BY(mutex_);
};

}  // namespace telltale
