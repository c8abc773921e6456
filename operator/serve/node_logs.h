// SPDX-License-Identifier: Apache-2.0
//
// NodeLogs: answers a node agent that asks which pods of its node it reads. The agents have no
// rights in the API and ask here every two seconds, so what they get is found by node: the matching
// pods are sorted by node once for all agents, when one asks and something changed, at most once a
// second. An agent that knows the answer already is told so without its being rendered.
//
// Threads: Changed from any; Answer from the HTTP server's, which it keeps for some milliseconds
// with 50,000 pods.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "common/net/http/http.h"
#include "operator/store/cluster_index.h"

namespace telltale {

class NodeLogs {
 public:
  static constexpr std::chrono::seconds kEvery{1};
  // Also without a Changed: that a finished pod is gone changes nothing else.
  static constexpr std::chrono::seconds kAtLeastEvery{10};

  NodeLogs(const ClusterIndex& index, Registry& registry, Clock& clock = RealClock());

  void Changed() { changed_ = true; }  // something in the index

  // Whether an agent asked within the last minute.
  bool AskedLately() const;

  // GET /logs/v1/pods?node=NAME with If-None-Match: 200, 304, 400 without a name, 503 until the
  // index is synced. Never a part of the pods.
  HttpResponse Answer(const HttpRequest& request);

 private:
  using TargetPtr = std::shared_ptr<const MonitoringTarget>;
  struct Node {
    std::vector<std::pair<PodRef, TargetPtr>> pods;  // by namespace and name
    std::string version;                             // of the answer; empty: not rendered yet
  };

  void Refresh() REQUIRES(mutex_);
  void AddMatched(const TargetPtr& target) REQUIRES(mutex_);
  void AddFinished() REQUIRES(mutex_);
  HttpResponse Count(HttpResponse response, Counter& counter) const;

  const ClusterIndex& index_;
  Clock& clock_;
  Counter& served_;
  Counter& unchanged_;
  Counter& refused_;
  std::atomic<bool> changed_{true};
  std::atomic<SteadyTime> asked_{SteadyTime::min()};
  Mutex mutex_;
  std::map<std::string, Node, std::less<>> nodes_ GUARDED_BY(mutex_);
  SteadyTime refreshed_ GUARDED_BY(mutex_){};
  bool ever_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
