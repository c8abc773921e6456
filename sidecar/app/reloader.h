// SPDX-License-Identifier: Apache-2.0
//
// Tells a neighbour that its configuration changed: POSTs a URL when the content of a file differs
// from the content the neighbour was last told of, and tries again until it is taken. Used beside
// Promtail, which does not watch its file. The first POST is at the start: the file may have
// changed between the neighbour's start and ours.
//
// Threads: Reloader has one of its own, started with the first entry; Configure and Stop are called
// by the main loop. FileReload is one entry, used by that thread alone but for Cancel.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_client.h"
#include "sidecar/config/sidecar_config.h"

namespace telltale {

inline constexpr std::chrono::seconds kReloadLook{2};       // how often a file is looked at
inline constexpr std::chrono::seconds kReloadRetryCap{30};  // the longest wait for the next try
inline constexpr std::chrono::seconds kReloadTimeout{30};   // Promtail stops its targets first

struct ReloadCounters {
  explicit ReloadCounters(Registry& registry);
  Counter& success;
  Counter& unchanged;  // Promtail had that content already
  Counter& failure;
};

class FileReload {
 public:
  // `config` was checked by the decoder.
  FileReload(ReloadConfig config, Clock& clock, ReloadCounters& counters);

  // Looks at the file and posts when there is something to tell. Blocks for at most
  // kReloadTimeout. Returns when it wants to be called next.
  SteadyTime Step();
  // Ends a Step under way. From any thread.
  void Cancel() { client_.Cancel(); }
  const ReloadConfig& config() const { return config_; }

 private:
  void Look();
  void Post();

  const ReloadConfig config_;
  Clock& clock_;
  ReloadCounters& counters_;
  const Url url_;
  HttpClient client_;
  Backoff backoff_;
  std::string stamp_;    // of the file when it was last read: mtime, size, inode
  std::string content_;  // hash of what is there; empty while there is no file
  std::string told_;     // hash of what the neighbour took
  std::string last_error_;
  SteadyTime next_try_{};
};

class Reloader {
 public:
  Reloader(Registry& registry, Clock& clock);
  ~Reloader();  // stops

  // Entries that stay keep what they know.
  void Configure(const std::vector<ReloadConfig>& entries);
  void Stop();

 private:
  void Run();

  Clock& clock_;
  ReloadCounters counters_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<FileReload>> entries_;  // guarded by mutex_
  bool stopping_ = false;                             // guarded by mutex_
  std::thread thread_;
};

}  // namespace telltale
