// SPDX-License-Identifier: Apache-2.0
#include "operator/model/selection.h"

#include <algorithm>

namespace telltale {
namespace {

bool AsksFor(const NamespaceSelector& selector, const std::string& ns, const Labels& ns_labels) {
  if (selector.any) return true;
  if (selector.labels) return selector.labels->Matches(ns_labels);
  return std::ranges::find(selector.names, ns) != selector.names.end();
}

}  // namespace

bool LooksInto(const MonitoringTarget& target, const std::string& ns, const Labels& ns_labels,
               const std::set<std::string>& trusted_namespaces) {
  if (!target.namespaces) return ns == target.meta.ns;
  if (ns != target.meta.ns && !trusted_namespaces.contains(target.meta.ns)) return false;
  return AsksFor(*target.namespaces, ns, ns_labels);
}

bool TargetSelects(const MonitoringTarget& target, const std::string& pod_namespace,
                   const Labels& pod_labels, const Labels& ns_labels,
                   const std::set<std::string>& trusted_namespaces) {
  return LooksInto(target, pod_namespace, ns_labels, trusted_namespaces) &&
         target.selector.Matches(pod_labels);
}

bool AsksBeyondTrust(const MonitoringTarget& target,
                     const std::set<std::string>& trusted_namespaces) {
  if (!target.namespaces || trusted_namespaces.contains(target.meta.ns)) return false;
  const NamespaceSelector& selector = *target.namespaces;
  return selector.any || selector.labels ||
         std::ranges::any_of(selector.names,
                             [&](const std::string& name) { return name != target.meta.ns; });
}

}  // namespace telltale
