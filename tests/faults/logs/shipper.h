// SPDX-License-Identifier: Apache-2.0
//
// telltale-sidecar, or Promtail beside it, as a process that ships the files of a plan: started and
// ended many times over the same state. TELLTALE_LOG_SHIPPER=promtail with the program's path in
// TELLTALE_PROMTAIL chooses the other one. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/faults/child_process.h"
#include "tests/faults/logs/log_plan.h"

namespace telltale::faults {

class Shipper {
 public:
  static bool IsPromtail();
  static std::string Program();  // empty when there is none

  // The value of the label `plan`.
  static std::string LabelOf(const LogPlan& plan);

  // Files of its own in `folder`.
  Shipper(std::string folder, const LogPlan& plan, const std::string& loki_url);

  void Start();
  void Kill();  // SIGKILL
  void Stop();  // SIGTERM
  bool up() const { return process_ != nullptr; }
  std::string MetricsPage();
  // It has opened so many files.
  bool Follows(std::size_t files);
  std::string Log() const;
  std::int64_t ResidentKiB() const;
  const std::string& state() const { return state_; }
  ChildProcess* process() { return process_.get(); }

 private:
  std::string folder_, state_, config_;
  std::string earlier_;  // what processes before this one said
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace telltale::faults
