// SPDX-License-Identifier: Apache-2.0
//
// Log files to Loki: finds and follows files, makes batches, pushes them, and remembers in a
// journal what Loki acknowledged. sidecar/app makes one and gives it every configuration.
//
// The promise: each line arrives at least once, with the same timestamp each time, so that Loki
// stores it once; a line that cannot be delivered is counted with a reason. The file is the
// buffer: at most two batches are in memory, and while Loki is away nothing more is read. Beside
// them, within a few megabytes, are those whose stream alone Loki will not take for now.
//
// Threads: two of its own (one reads files and keeps the journal, one speaks to Loki). All
// methods may be called from any thread, but one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "sidecar/loki/push_target.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

// A line that an alert stage wants heard.
struct LogAlert {
  std::string name;
  Labels labels;       // of the stream and of the stage; what makes two lines one alert
  Labels annotations;  // with the line
  std::int64_t quiet_ms = 0;
  std::int64_t time = 0;  // of the line
};

struct LogPipelineOptions {
  std::string loki_url;  // http(s)://host:port, with or without /loki/api/v1/push; empty: hold
  std::string tenant;    // X-Scope-OrgID; none when empty
  PushAccess access;
  std::chrono::seconds max_age{7 * 24 * 3600};  // of lines that Loki would still take; 0: any
  std::size_t batch_bytes = 1 << 20;            // of one push, before compression
  std::chrono::milliseconds batch_wait{1'000};  // the longest time that a line waits for others
  std::size_t max_labels = 15;                  // of a stream; Loki refuses one with more
  LogFileLimits file_limits;
  std::string state_dir;  // of the journal; made when absent; fixed at Start
  std::chrono::milliseconds retry_initial{500}, retry_cap{30'000};
  std::chrono::milliseconds request_timeout{10'000};
  // Stop sends what a file ends with as it is: half lines, parts of CRI lines and open blocks.
  // Right only where the files have ended, as in a pod whose containers have ended. Otherwise the
  // next start sends them whole.
  bool send_unfinished_at_stop = true;
  // Called on the worker's thread, so it must return at once. Lines are looked at as they are read
  // for Loki, and ahead of that while Loki is away.
  std::function<void(LogAlert)> on_alert;
};

class LogPipeline {
 public:
  // Registers its metrics; `registry` and `clock` must outlive it.
  LogPipeline(LogPipelineOptions options, Registry& registry, Clock& clock);
  ~LogPipeline();  // without Stop: ends at once, as after a kill; the journal continues later

  // Reads the journal and starts the threads. A journal that cannot be read or written is a
  // warning and a count, never an error: shipping goes on without it.
  Status Start();

  // Replaces sources and options (all but state_dir), also before Start. Returns at once. Files
  // that no source wants any more are let go; what was read of them is still delivered, and the
  // journal continues them should they come back.
  void Reconfigure(std::vector<LogSource> sources, LogPipelineOptions changed);

  // Reads every file to its end (see send_unfinished_at_stop), sends, writes the journal and ends
  // the threads, within `flush_timeout`. What Loki has not acknowledged by then is sent by the
  // next start. Called once.
  void Stop(std::chrono::milliseconds flush_timeout);

  // The directories of files that hold something which was seen at least `age` ago and is not read
  // yet. Nothing when the worker does not say so within a few seconds.
  std::optional<std::set<std::string>> Behind(std::chrono::nanoseconds age);
  // Up to where Loki has the file that lies there now; nothing when there is none that is open.
  // These two may be called at any time.
  std::optional<std::uint64_t> Acked(const std::string& path);

  // Reads and sends all complete lines that were written before the call, without waiting for a
  // batch to fill; true when Loki has acknowledged them. For tests and tools.
  bool Flush(std::chrono::milliseconds timeout);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
