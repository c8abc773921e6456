// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/pod_logs.h"

namespace telltale {

std::string SpoolPath(const std::string& state_dir, const std::string& container) {
  return state_dir + "/stdout/" + container + "/0.log";
}

void PodLogs::Follow(const std::vector<std::string>& containers) {
  if (containers == containers_) return;
  containers_ = containers;
  followers_.clear();  // stops them
  for (const std::string& container : containers) {
    FollowerOptions options = of_all_;
    options.container = container;
    options.spool = SpoolPath(state_dir_, container);
    followers_.push_back(std::make_unique<LogFollower>(std::move(options), registry_, clock_));
    followers_.back()->Start();
  }
}

}  // namespace telltale
