// SPDX-License-Identifier: Apache-2.0
//
// The sidecar's pod: names from the environment, labels from the file that the downward API keeps
// up to date. Outside Kubernetes all of it is empty. Pure but for PodInfoFromEnvironment, which
// main calls once, before it starts threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/strings.h"

namespace telltale {

// A port that a container of the pod declares; number 0: the container declares none.
struct PodPort {
  std::string container, name;
  int number = 0;
  bool operator==(const PodPort&) const = default;
};

struct PodInfo {
  std::string name, ns, uid, node;
  std::string container;                // the application's, for the label `container`
  std::vector<std::string> containers;  // all others of the pod, init containers among them
  Labels labels;
  std::string ip = {};
  std::vector<PodPort> ports = {};  // of all others that keep running
  bool operator==(const PodInfo&) const = default;
};

// POD_NAME, POD_NAMESPACE, POD_UID, NODE_NAME, TELLTALE_CONTAINER, TELLTALE_CONTAINERS
// (joined by commas), TELLTALE_POD_IP, TELLTALE_PORTS (CONTAINER/NAME/NUMBER, joined by commas).
PodInfo PodInfoFromEnvironment();

// What TELLTALE_PORTS says; entries that say nothing are left out.
std::vector<PodPort> ParsePodPorts(std::string_view text);

// The downward API's format: lines of key="value", the value quoted as Go's %q does
// (kubernetes pkg/fieldpath FormatMap). An error names the line.
Result<Labels> ParseDownwardLabels(std::string_view text);

// The labels of every stream of this pod: namespace, pod, container, node, app; those that are not
// known are left out. `app` follows the operator's rule: app.kubernetes.io/name, app, k8s-app, else
// the container.
Labels IdentityLabels(const PodInfo& pod);

}  // namespace telltale
