// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/config_outcomes.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace telltale {

void ConfigOutcomes::Set(const std::string& config_map, ByTarget outcomes) {
  std::vector<std::string> changed;
  {
    MutexLock lock(mutex_);
    ByTarget& held = maps_[config_map];
    for (const auto& [target, outcome] : held) {
      if (outcomes.contains(target)) continue;
      changed.push_back(target);
      const auto maps = targets_.find(target);
      maps->second.erase(config_map);
      if (maps->second.empty()) targets_.erase(maps);
    }
    for (const auto& [target, outcome] : outcomes) {
      const auto before = held.find(target);
      if (before != held.end() && before->second == outcome) continue;
      changed.push_back(target);
      targets_[target][config_map] = outcome;
    }
    held = std::move(outcomes);
    if (held.empty()) maps_.erase(config_map);
  }
  if (!changed_) return;
  for (const auto& target : changed) changed_(target);
}

void ConfigOutcomes::Clear() {
  MutexLock lock(mutex_);
  maps_.clear();
  targets_.clear();
}

ConfigOutcomes::ByTarget ConfigOutcomes::Get(const std::string& config_map) const {
  MutexLock lock(mutex_);
  const auto found = maps_.find(config_map);
  return found == maps_.end() ? ByTarget() : found->second;
}

ConfigState ConfigOutcomes::Of(const std::string& target_key) const {
  ConfigState state;
  MutexLock lock(mutex_);
  const auto maps = targets_.find(target_key);
  if (maps == targets_.end()) return state;
  for (const auto& [config_map, outcome] : maps->second) {
    state.written = std::min(state.written.value_or(outcome.written), outcome.written);
    if (outcome.problem) state.problems.push_back(*outcome.problem);
  }
  return state;
}

}  // namespace telltale
