// SPDX-License-Identifier: Apache-2.0
//
// The pods of one node whose stdout is read, decoded from the operator's answer to a node agent
// (operator/plan/configs/node_logs.h), and the log sources that follow from it. The kubelet keeps
// the lines in
//   /var/log/pods/NAMESPACE_NAME_UID/CONTAINER/N.log
// where N counts restarts; rotated files are beside them. With Docker, N.log is a link to a file
// below /var/lib/docker/containers. Nothing else is read, whatever the answer says. Pure.
#pragma once

#include <cstdint>
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
  bool usable = true;           // false: the labels or the tenant are bad, so nothing may be sent
  std::int64_t generation = 0;  // of the MonitoringTarget; 0 from an older operator
};

// True if lines are treated alike, for the same generation: pipelines are compared by what they do,
// not by address.
bool SameTarget(const NodeTarget& a, const NodeTarget& b);

struct NodePod {
  std::string ns, name, uid, app;
  std::vector<std::string> containers;
  std::shared_ptr<const NodeTarget> target;

  // The name of its folder.
  std::string Folder() const { return ns + "_" + name + "_" + uid; }
};

struct NodeLogs {
  // Including pods whose target is not usable: the caller may know an earlier, good one.
  std::vector<NodePod> pods;
  std::vector<std::string> problems;  // sentences about parts that are left out
};

// An error if the text is no such answer. Unknown keys come from a newer operator and are ignored.
// An unknown or bad stage is left out, with a problem; the other stages and the target stay.
Result<NodeLogs> DecodeNodeLogs(std::string_view json);

// One source per container, below `directory`. Labels: `common`, overridden by the target's,
// overridden by the pod's identity. Links may lead into `link_targets`.
std::vector<LogSource> NodeSources(const std::vector<NodePod>& pods, const Labels& common,
                                   const std::string& node, const std::string& directory,
                                   const std::vector<std::string>& link_targets = {});

}  // namespace telltale
