// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/matching.h"

namespace telltale {

std::vector<std::string> SelectedNamespaces(const MonitoringTarget& target, const World& world) {
  if (!target.namespaces) return {target.meta.ns};
  std::vector<std::string> names;
  for (const auto& ns : world.namespaces) {
    if (LooksInto(target, ns->meta.name, ns->meta.labels, world.trusted_namespaces)) {
      names.push_back(ns->meta.name);
    }
  }
  return names;
}

}  // namespace telltale
