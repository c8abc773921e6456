// SPDX-License-Identifier: Apache-2.0
//
// Asks Promtail, which does not watch its file, to read a changed configuration: POSTs a URL when
// the content of the file differs from the content of the last accepted POST, and tries again until
// one is accepted. The first POST is at the start, because the file may have changed between the
// starts of the two programs.
//
// Threads: Reloader has one of its own, started with the first entry; Configure and Stop are called
// by the main loop. FileReload is one entry, used by that thread alone but for Cancel.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_client.h"
#include "sidecar/app/accepted_file.h"
#include "sidecar/config/sidecar_config.h"

namespace telltale {

inline constexpr std::chrono::seconds kReloadLook{2};       // how often a file is read
inline constexpr std::chrono::seconds kReloadRetryCap{30};  // longest wait for the next try
inline constexpr std::chrono::seconds kReloadTimeout{30};   // Promtail stops its targets first
// To the next try of a content that was refused and taken back: each try stops Promtail's reading,
// and what was missing, such as a certificate, may be there by then.
inline constexpr std::chrono::seconds kRefusedRetry{600};

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

  // Reads the file and posts if its content is new. Blocks for at most kReloadTimeout. Returns the
  // time of the next call.
  SteadyTime Step();
  // Ends the current Step. From any thread.
  void Cancel() { client_.Cancel(); }
  const ReloadConfig& config() const { return config_; }

 private:
  void Look();
  void Post();
  void Failed(const Result<HttpResponse>& response);
  Result<HttpResponse> Ask();
  // After a refusal; `answered`: Promtail runs. False when there is nothing to restore.
  bool Restore(bool answered);

  const ReloadConfig config_;
  Clock& clock_;
  ReloadCounters& counters_;
  const Url url_;
  HttpClient client_;
  Backoff backoff_;
  std::optional<AcceptedFile> copy_;
  std::string text_;      // of the file, while there is a copy
  std::string stamp_;     // of the file when it was last read: mtime, size, inode
  std::string content_;   // hash of what is there; empty while there is no file
  std::string accepted_;  // hash of the content that Promtail accepted
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
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::shared_ptr<FileReload>> entries_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace telltale
