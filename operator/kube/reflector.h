// SPDX-License-Identifier: Apache-2.0
//
// Reflector: keeps a sink equal to a collection of the API server by LIST and WATCH, through
// closed connections, expired history (410) and restarts (rules: client-go tools/cache/reflector;
// reference k8s §1.1). One thread of its own per reflector runs Run(). The sink is called from
// that thread only.
//
//   Empty -> list pages -> Replaced -> watching --eof/timeout--> watching
//                 ^------------- 410 Gone ---------/
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "common/base/backoff.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "common/text/json_reader.h"
#include "operator/kube/transport.h"

namespace telltale {

// Where a collection's objects go. `object` is one JSON object, valid during the call.
class ReflectorSink {
 public:
  virtual ~ReflectorSink() = default;
  // A whole new list: Begin, Item for each object, then End, at which readers see the new content
  // and what is no longer in it is gone. A list that fails in the middle ends with Abort.
  virtual void ListBegin() = 0;
  virtual Status ListItem(JsonValue object) = 0;
  virtual void ListEnd() = 0;
  virtual void ListAbort() = 0;
  virtual Status Changed(JsonValue object) = 0;  // ADDED and MODIFIED
  virtual Status Deleted(JsonValue object) = 0;
};

struct ReflectorOptions {
  std::string name;        // of the metric label "resource": "pods"
  std::string collection;  // "/api/v1/pods"
  std::string selector;    // more query, e.g. "fieldSelector=metadata.name%3Dx"; may be empty
};

class Reflector {
 public:
  Reflector(ReflectorOptions options, HttpTransport& transport, ReflectorSink& sink,
            Registry& registry, Clock& clock = RealClock());

  void Run();   // until Stop
  void Stop();  // from any thread; the owner also cancels the transport
  bool synced() const { return synced_; }  // the first list was delivered to the sink

 private:
  Status ListAll();
  Status WatchOnce();
  void Sleep(std::chrono::milliseconds duration);

  ReflectorOptions options_;
  HttpTransport& transport_;
  ReflectorSink& sink_;
  Clock& clock_;
  Backoff backoff_;
  JsonParser parser_;
  std::string resource_version_;  // Run's thread only
  std::atomic<bool> synced_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  Registry& registry_;
};

}  // namespace telltale
