// SPDX-License-Identifier: Apache-2.0
//
// Reflector: keeps a sink equal to a collection of the API server through closed connections,
// expired history (410), restarts and restored backups (rules: client-go tools/cache/reflector;
// reference k8s §1.1). The owner gives each reflector a thread that runs Run().
//
//   syncing: a watch-list (initial events, end mark; the stream goes on as the watch), or a LIST
//            and a watch from its version where the server refuses that
//     -> watching; eof, cut, silence: watch again from the last event
//     -> syncing again, beside the content that stays: 410, malformed, history restored
//
// The sink's content is replaced as a whole or not at all, and the version only moves with what
// the sink was given. It sleeps nowhere but in the transport's calls and in `wait`, so that a
// simulation can drive it.
//
// Threads: Run's members are also used by the thread that the transport reads on, while Run waits
// for that call. The sink's calls come from both (reflector_sink.h).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/transport.h"
#include "operator/kube/watch/list_pager.h"
#include "operator/kube/watch/reflector_metrics.h"
#include "operator/kube/watch/reflector_sink.h"
#include "operator/kube/watch/retry_pace.h"
#include "operator/kube/watch/watch_event.h"

namespace telltale {

struct ReflectorOptions {
  std::string name;        // of the metric label "resource": "pods"
  std::string collection;  // "/api/v1/pods"
  std::string selector;    // more query, e.g. "fieldSelector=metadata.name%3Dx"; may be empty
  // Tests replace these two: the wait between tries, and the randomness of waits and timeouts.
  std::function<void(std::chrono::milliseconds)> wait = {};
  std::function<std::uint64_t()> random = {};
};

class Reflector {
 public:
  Reflector(ReflectorOptions options, HttpTransport& transport, ReflectorSink& sink,
            Registry& registry, Clock& clock = RealClock());

  void Run();                              // until Stop
  void Stop();                             // from any thread; the owner also cancels the transport
  bool synced() const { return synced_; }  // a whole content was delivered to the sink

 private:
  // What Run does next, and whether it waits before it.
  struct Turn {
    bool sync = false;
    bool wait = false;
    std::chrono::seconds at_least{0};  // the server's Retry-After
  };
  // One watch request while it runs.
  struct Stream {
    bool initial = false;  // a watch-list whose end mark has not come
    bool answered = false;
    SteadyTime started, warned;
    std::uint64_t changes = 0;          // events about objects, the initial ones not included
    std::optional<ApiRefusal> refusal;  // an ERROR event
    std::optional<WatchEnd> left;       // why we left it, if we did
  };

  // reflector.cc
  Turn Resync();
  void Sleep(std::chrono::milliseconds duration);
  bool Stopping();

  // reflector_sync.cc: a whole content
  Turn Sync();
  Turn WatchList();
  Turn AfterWatchList(const Result<ApiResponse>& ended, const Stream& stream);
  Turn AfterRefusedWatchList(const ApiRefusal& refusal);
  Turn AfterFailedWatchList();
  Turn ListInstead();
  Turn List();
  ListOutcome ListInto(const ListQuery& query);
  Turn AskForNewest(std::chrono::seconds at_least);
  void SyncFailed(const Error& error);
  void Synced(std::string_view version, Counter& mode);

  // reflector_watch.cc: changes
  Turn Rewatch();
  std::optional<Turn> CheckHistory();
  Result<ApiResponse> OpenStream(std::string_view query, const std::string& version,
                                 Stream& stream);
  bool OnPiece(std::string_view piece, Stream& stream);
  bool OnLine(std::string_view line, Stream& stream);
  bool OnLiveEvent(Stream& stream);
  std::optional<ApiRefusal> Refusal(const Result<ApiResponse>& ended, const Stream& stream);
  Turn AfterWatch(const Result<ApiResponse>& ended, const Stream& stream);
  Turn AfterRefusedWatch(const ApiRefusal& refusal);
  void Undecoded(std::string_view what, const Error& error);

  const ReflectorOptions options_;
  HttpTransport& transport_;
  ReflectorSink& sink_;
  Clock& clock_;
  ReflectorMetrics metrics_;

  // Of Run and of the request it waits for.
  RetryPace sync_pace_, watch_pace_;
  JsonParser parser_;
  WatchEvent event_;
  SteadyTime started_{};
  // Of syncs.
  std::string resource_version_;  // the sink has everything up to it; empty before the first sync
  bool newest_ = false;         // the server does not have our version: ask for whatever is newest
  int failed_watch_lists_ = 0;  // in a row
  std::optional<SteadyTime> list_until_;  // the server has no watch-list; ask again then
  std::optional<SteadyTime> synced_at_;
  bool sync_failed_ = false;
  // Of watches.
  bool check_history_ = false;  // before the next watch
  int internal_errors_ = 0;     // in a row

  std::atomic<bool> synced_{false};
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
