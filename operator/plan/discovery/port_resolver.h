// SPDX-License-Identifier: Apache-2.0
//
// Which port of a pod's containers an endpoint means, and whose it is. A name is looked up in the
// TCP ports of those that keep running (native sidecars among them); a number needs no declaration,
// because declaring ports is documentation to Kubernetes. Internal to operator/plan; pure.
#pragma once

#include <string>
#include <vector>

#include "operator/model/monitoring_target.h"
#include "operator/model/pod.h"

namespace telltale {

struct ResolvedPort {
  int number = 0;         // 0: there is none, and `missing` says why
  std::string container;  // for the label
  std::string also;       // another container that declares a port of this name, first of them
  std::string missing;    // "has no port named x in ...: it declares ..."
};

ResolvedPort ResolvePort(const std::vector<Container>& containers, const Endpoint& endpoint);

}  // namespace telltale
