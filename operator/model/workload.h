// SPDX-License-Identifier: Apache-2.0
//
// What a pod is part of, in the words of kubernetes-mixin: the labels workload and workload_type.
// Known from the pod alone, without a look at ReplicaSets and Jobs. Pure.
#pragma once

#include <string>

#include "operator/model/pod.h"

namespace telltale {

struct Workload {
  std::string name;
  // deployment, replicaset, statefulset, daemonset, job, cronjob, staticpod, barepod; of another
  // controller its kind as it stands in the pod.
  std::string type;
};

Workload WorkloadOf(const Pod& pod);

}  // namespace telltale
