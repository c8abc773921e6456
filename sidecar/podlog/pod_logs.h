// SPDX-License-Identifier: Apache-2.0
//
// The followers of our pod's containers: all of them while the configuration asks for the pod's
// output, else none. Owned by sidecar/app, on its main thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sidecar/podlog/follower.h"

namespace telltale {

// Where the lines of a container are kept for the log pipeline, in the state folder.
std::string SpoolPath(const std::string& state_dir, const std::string& container);

class PodLogs {
 public:
  // `of_all` is of every follower: without container and spool.
  PodLogs(FollowerOptions of_all, std::string state_dir, Registry& registry, Clock& clock)
      : of_all_(std::move(of_all)),
        state_dir_(std::move(state_dir)),
        registry_(registry),
        clock_(clock) {}

  // With the same containers nothing happens.
  void Follow(const std::vector<std::string>& containers);
  void Stop() { Follow({}); }

 private:
  const FollowerOptions of_all_;
  const std::string state_dir_;
  Registry& registry_;
  Clock& clock_;
  std::vector<std::string> containers_;
  std::vector<std::unique_ptr<LogFollower>> followers_;
};

}  // namespace telltale
