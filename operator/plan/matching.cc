// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/matching.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace telltale {
namespace {

using PodPtr = std::shared_ptr<const Pod>;

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
