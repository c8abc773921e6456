// SPDX-License-Identifier: Apache-2.0
//
// What is the matter with one MonitoringTarget, counted over its pods and scrape targets: the facts
// from which conditions.h makes sentences. Internal to operator/plan; pure.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

#include "operator/plan/status/target_status.h"

namespace telltale {

struct TargetProblem {
  std::string pod;  // namespace/name; empty when it is about the resource
  std::string endpoint;
  Reason reason = Reason::kScrapeFailed;
  std::string message;
};

inline constexpr std::size_t kShownProblems = 10;

struct TargetHealth {
  // Pods.
  int matched = 0;
  int injected = 0;  // carry the sidecar
  int up = 0;
  int down = 0;
  int logging = 0;
  // Pods that run and are not being deleted, and of these:
  int running = 0;
  int with_sidecar = 0;
  int missing = 0;    // should have the sidecar
  int opted_out = 0;  // have none because their annotation says so
  int silent = 0;     // have the sidecar and no line delivered
  std::string first_silent;
  int unseen = 0;      // whose sidecars do not see the log folder, or not all of it
  int forbidden = 0;   // have it, and it is refused what the other containers print
  int stalled = 0;     // have it, and lines that Loki does not take
  int outdated = 0;    // have one that cannot do what is asked
  int delivered = 0;   // had lines delivered
  int unreadable = 0;  // have log files that cannot be read
  int no_files = 0;    // have no log file
  int refused = 0;     // have a sidecar that refuses the configuration
  int unfit = 0;       // have a container that cannot run
  // Pods and scrape targets that are too young to count, and have nothing to show yet.
  int starting = 0;
  int scrapes_starting = 0;
  std::int64_t look_again = 0;  // seconds until the first of them counts; 0: none
  // Scrape targets of these pods.
  int scrapes = 0;
  int scrapes_up = 0;
  int scrapes_down = 0;
  int scrapes_pending = 0;
  std::string first_pending;
  std::size_t problems_count = 0;
  // Worst first: the kShownProblems worst of all, and after them the worst for each other reason.
  std::vector<TargetProblem> problems;

  // The worst problem among these reasons, or null.
  const TargetProblem* Find(std::initializer_list<Reason> reasons) const;
};

TargetHealth Assess(const StatusInput& input);

}  // namespace telltale
