// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/matching.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace telltale {
namespace {

using PodPtr = std::shared_ptr<const Pod>;

bool AsksFor(const NamespaceSelector& selector, const std::string& ns, const Labels& ns_labels) {
  if (selector.any) return true;
  if (selector.labels) return selector.labels->Matches(ns_labels);
  return std::ranges::find(selector.names, ns) != selector.names.end();
}

bool LooksInto(const MonitoringTarget& target, const std::string& ns, const Labels& ns_labels,
               const std::set<std::string>& trusted) {
  if (!target.namespaces) return ns == target.meta.ns;
  if (ns != target.meta.ns && !trusted.contains(target.meta.ns)) return false;
  return AsksFor(*target.namespaces, ns, ns_labels);
}

// Pods by namespace, so that a target of one namespace costs nothing for the pods of the others.
struct Index {
  explicit Index(const World& world) {
    for (const auto& pod : world.pods) {
      if (!pod->Finished()) pods[pod->meta.ns].push_back(pod);
    }
    for (const auto& ns : world.namespaces) labels[ns->meta.name] = &ns->meta.labels;
  }

  const Labels& LabelsOf(const std::string& ns) const {
    static const Labels kNone;
    const auto it = labels.find(ns);
    return it == labels.end() ? kNone : *it->second;
  }

  std::map<std::string, std::vector<PodPtr>> pods;
  std::map<std::string, const Labels*> labels;
};

void AddMatching(const MonitoringTarget& target, const std::vector<PodPtr>& pods,
                 std::vector<PodPtr>& out) {
  for (const auto& pod : pods) {
    if (target.selector.Matches(pod->meta.labels)) out.push_back(pod);
  }
}

}  // namespace

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

std::vector<MatchedTarget> Match(const World& world) {
  const Index index(world);
  std::vector<MatchedTarget> matched;
  matched.reserve(world.targets.size());
  for (const auto& target : world.targets) {
    MatchedTarget& entry = matched.emplace_back();
    entry.target = target;
    if (!target->namespaces) {
      const auto own = index.pods.find(target->meta.ns);
      if (own != index.pods.end()) AddMatching(*target, own->second, entry.pods);
      continue;
    }
    for (const auto& [ns, pods] : index.pods) {
      if (LooksInto(*target, ns, index.LabelsOf(ns), world.trusted_namespaces)) {
        AddMatching(*target, pods, entry.pods);
      }
    }
  }
  return matched;
}

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
