// SPDX-License-Identifier: Apache-2.0
//
// Reflector: keeps a sink equal to a collection of the API server by LIST and WATCH, through
// closed connections, expired history (410) and restarts (rules: client-go tools/cache/reflector;
// reference k8s §1.1). The owner gives each reflector a thread that runs Run().
//
//   Empty -> list pages -> Replaced -> watching --eof/timeout--> watching
//                 ^------------- 410 Gone ---------/
//
// Threads: the sink's calls never overlap, and each happens before the next, but they come from
// Run's thread (ListBegin, ListEnd, ListAbort) and from the one the transport reads on (the
// others), which all reflectors share: a sink takes short locks and must not wait for the API.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/transport.h"
#include "operator/kube/watch/list_pager.h"
#include "operator/kube/watch/reflector_sink.h"
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
  bool synced() const { return synced_; }  // the first list was delivered to the sink

 private:
  // What Run does next, and whether it waits before it.
  struct Turn {
    bool list = false;
    bool wait = false;
    std::chrono::seconds at_least{0};  // the server's Retry-After
  };
  // One watch while it runs.
  struct Watch {
    bool first = false;        // since the last list
    std::uint64_t events = 0;  // bookmarks included
    std::optional<Turn> left;  // set when a line made us leave
  };

  Turn List();
  ListOutcome ListOnce(bool paged);
  Turn AfterFailedList(const ListOutcome& outcome);

  Turn WatchOnce();
  bool OnLine(std::string_view line, Watch& watch);
  bool OnErrorEvent(Watch& watch);
  Turn AfterWatch(const Result<ApiResponse>& ended, bool short_lived);
  Turn AfterStatus(const ApiResponse& response);
  Turn Gone(std::string_view message, bool wait);

  void Restarted(std::string_view reason);
  void Undecoded(std::string_view what, const Error& error);
  void Sleep(std::chrono::milliseconds duration);
  bool Stopping();

  const ReflectorOptions options_;
  HttpTransport& transport_;
  ReflectorSink& sink_;
  Registry& registry_;
  Clock& clock_;
  Counter& relists_;
  Counter& decode_errors_;
  Counter& watch_events_;

  // Of Run and of the request it waits for.
  Backoff backoff_;
  JsonParser parser_;
  WatchEvent event_;
  std::string resource_version_;
  bool first_watch_ = true;  // none was tried since the last list
  bool list_failed_ = false;

  std::atomic<bool> synced_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
};

}  // namespace telltale
