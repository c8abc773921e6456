// SPDX-License-Identifier: Apache-2.0
//
// What the node agent (telltale-sidecar --role=node) is told: the pods of its node whose stdout it
// reads, with what makes their streams' labels, and the pipelines of the MonitoringTargets that
// want them. Asked for by operator/serve/node_logs; decoded by sidecar/node. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"

namespace telltale {

struct NodeLogPod {
  std::shared_ptr<const MonitoringTarget> target;  // a node agent reads for it
  Pod pod;
};

// Whether the container's output is read, of a pod that matches.
bool ReadsContainer(const LogsSpec& logs, std::string_view container);
// Whether that of every container is.
bool ReadsAllContainers(const LogsSpec& logs);

// The target has pods whose stdout somebody on the node reads.
bool ReadByNodeAgent(const MonitoringTarget& target);

// {"targets": [{name, generation, labels, tenant, pipeline}], "pods": [{namespace, name, uid, app,
// target, containers}]}, in the order of `pods`; the same bytes for the same pods. `uid` is as it
// stands in the name of the pod's folder under /var/log/pods, `target` an index. A pod may follow
// itself, for another target: each of its containers belongs to the first target that reads it.
std::string RenderNodeLogs(const std::vector<NodeLogPod>& pods);

}  // namespace telltale
