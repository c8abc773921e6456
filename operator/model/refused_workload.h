// SPDX-License-Identifier: Apache-2.0
//
// Workloads whose pods the API server refuses and that have no condition that says so, as
// ReplicaSets have (replica_set.h): StatefulSets, DaemonSets and Jobs. Their controllers record an
// event (events.k8s.io/v1) with the reason FailedCreate; it is kept for an hour. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"

namespace telltale {

// The reason of the events.
inline constexpr std::string_view kFailedCreate = "FailedCreate";

struct RefusedWorkload {
  std::string kind, ns, name;
  std::string message;  // why its pods are refused, as its controller says
};

// Those that the events are about, each once with its last message, the newest event first. Error:
// the text is no list of events.
Result<std::vector<RefusedWorkload>> RefusedWorkloads(std::string_view list_json);

// "/apis/apps/v1/namespaces/NS/statefulsets/NAME" and the like.
std::string WorkloadPath(const RefusedWorkload& workload);

// Of the workload itself.
struct WorkloadNeeds {
  Labels pod_labels;  // of its template
  bool pods = true;   // it wants some: it is not scaled to 0, suspended, finished or being deleted
};
Result<WorkloadNeeds> DecodeWorkload(std::string_view json);

}  // namespace telltale
