// SPDX-License-Identifier: Apache-2.0
//
// RefusedPods: why a MonitoringTarget matches no pod although there is a workload for it: the API
// server refuses the pods, as for a quota, a LimitRange, an admission policy or Pod Security. No
// pod exists then that could say so; the ReplicaSet does, and of a StatefulSet, a DaemonSet or a
// Job an event. Neither is watched: the ReplicaSets of one target are listed by its selector while
// it matches no pod, and then the events of its namespaces. It is looked rarer and rarer as long as
// nothing is found, and never more than ten times a second in all. Thread-safe; Of blocks for the
// requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "operator/kube/client/api.h"
#include "operator/model/monitoring_target.h"

namespace telltale {

class RefusedPods {
 public:
  using Millis = std::chrono::milliseconds;

  struct Answer {
    std::string why;  // a whole sentence; empty: nothing is known to be refused
    Millis again{0};  // when to ask the next time
  };

  RefusedPods(Api& api, std::set<std::string> trusted_namespaces, Clock& clock)
      : api_(api), trusted_namespaces_(std::move(trusted_namespaces)), clock_(clock) {}

  // For a target that matches no pod.
  Answer Of(const MonitoringTarget& target);
  // The target matches pods, or is gone.
  void Forget(const std::string& key);

 private:
  struct Known {
    std::string why;
    SteadyTime next{};
    bool reserved = false;  // `next` is its turn among those that wait
    Millis pause{0};
    std::int64_t generation = 0;
  };
  Result<std::string> Look(const MonitoringTarget& target);
  Result<std::string> LookAtReplicaSets(const MonitoringTarget& target, const std::string& ns);
  Result<std::string> LookAtEvents(const MonitoringTarget& target, const std::string& ns);

  Api& api_;
  const std::set<std::string> trusted_namespaces_;
  Clock& clock_;
  Mutex mutex_;
  std::map<std::string, Known> known_ GUARDED_BY(mutex_);  // by key
  SteadyTime free_at_ GUARDED_BY(mutex_){};                // the first turn that nobody has
};

}  // namespace telltale
