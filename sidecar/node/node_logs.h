// SPDX-License-Identifier: Apache-2.0
//
// The pods of one node whose stdout is read, as the operator tells a node agent
// (operator/plan/configs/node_logs.h), and what follows from it: where their lines are on the node
// and with which labels they go out. The kubelet keeps them as
//   /var/log/pods/NAMESPACE_NAME_UID/CONTAINER/N.log
// with N counting restarts; rotated ones beside them. Nothing but these folders is ever read,
// whatever the answer says. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"
#include "sidecar/tail/log_source.h"

namespace telltale {

// What a MonitoringTarget asks of the lines.
struct NodeTarget {
  std::string name;
  Labels labels;
  std::string tenant;  // in place of loki.tenant
  std::shared_ptr<const Pipeline> pipeline;
  bool usable = true;  // its stages compile: without them lines would go out that must not
};

struct NodePod {
  std::string ns, name, uid, app;
  std::vector<std::string> containers;
  std::shared_ptr<const NodeTarget> target;

  // The name of its folder.
  std::string Folder() const { return ns + "_" + name + "_" + uid; }
};

struct NodeLogs {
  std::vector<NodePod> pods;
  std::vector<std::string> problems;  // sentences about parts that are left out
};

// An error when it is no such answer. Keys that are not known are of a newer operator, and fine.
Result<NodeLogs> DecodeNodeLogs(std::string_view json);

// One source per container, under `directory`; labels: `common`, over them the target's, over both
// who the pod is.
std::vector<LogSource> NodeSources(const std::vector<NodePod>& pods, const Labels& common,
                                   const std::string& node, const std::string& directory);

}  // namespace telltale
