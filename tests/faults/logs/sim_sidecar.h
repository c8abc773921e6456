// SPDX-License-Identifier: Apache-2.0
//
// One life of the log path in a simulation: the worker that LogPipeline runs on a thread is called
// step by step here, on simulated time, and its sender speaks to the fake Loki over loopback. It
// ends without any tidying up when it is destroyed. One thread, besides the sender's own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "sidecar/loki/sender.h"
#include "sidecar/ship/log_worker.h"
#include "tests/faults/logs/fault_disk.h"

namespace telltale::faults {

// Series of a page by name with labels.
using Page = std::map<std::string, double>;
// By reason; "lines" and "bytes" of telltale_logs_lost_*.
struct Reported {
  std::map<std::string, std::uint64_t> lines, bytes;
  std::uint64_t vanished_files = 0, rebuilt_lines = 0;
  void Add(const Page& page);
};
Page ReadPage(const std::string& text);
// Empty, or by how much read differs from acked + pending + lost + dropped.
std::string Imbalance(const Page& page);

class SimSidecar {
 public:
  // Journal and files are as the last life left them. May throw Killed, as all calls may.
  SimSidecar(const LogPipelineOptions& options, const std::vector<LogSource>& sources, Clock& clock,
             Disk& disk);
  ~SimSidecar();

  // Looks at the files, makes batches, waits for answers as long as `waits` says so.
  void Step(const std::function<bool()>& waits);
  // Everything to its end, as SIGTERM asks for; false when it is not delivered.
  bool Drain(const std::function<bool()>& waits);
  // As a reload of the configuration does.
  void Configure(const std::vector<LogSource>& sources, const LogPipelineOptions& options) {
    worker_.Configure(sources, options);
  }
  bool Idle() const { return worker_.Idle(); }
  // False when the kernel gave it no inotify instance: others on the machine have them all.
  bool has_events() const { return worker_.events_fd() >= 0; }
  Page Metrics();

 private:
  // Retries wait in real time, for milliseconds; the wall is the simulation's.
  class SenderClock : public Clock {
   public:
    explicit SenderClock(const Clock& wall) : wall_(wall) {}
    std::int64_t WallNanos() const override { return wall_.WallNanos(); }
    SteadyTime Steady() const override { return RealClock().Steady(); }

   private:
    const Clock& wall_;
  };

  void Settle(LogWorker::Mode mode, const std::function<bool()>& waits);
  bool TakeAnswers();

  Clock& clock_;
  SenderClock sender_clock_;
  Registry registry_;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<PushResult> answers_;  // guarded by mutex_
  SteadyTime next_sweep_{};
  Sender sender_;
  LogWorker worker_;
};

}  // namespace telltale::faults
