// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/whole_plan.h"

#include <algorithm>
#include <tuple>

namespace telltale {
namespace {

Labels LabelsOf(const World& world, const std::string& name) {
  for (const auto& ns : world.namespaces) {
    if (ns->meta.name == name) return ns->meta.labels;
  }
  return {};
}

}  // namespace

std::vector<MatchedTarget> MatchAll(const World& world,
                                    const std::vector<std::shared_ptr<const Pod>>& pods) {
  std::vector<MatchedTarget> matched;
  for (const auto& target : world.targets) {
    MatchedTarget& entry = matched.emplace_back();
    entry.target = target;
    for (const auto& pod : pods) {
      if (!pod->Finished() &&
          TargetSelects(*target, pod->meta.ns, pod->meta.labels, LabelsOf(world, pod->meta.ns),
                        world.trusted_namespaces)) {
        entry.pods.push_back(pod);
      }
    }
    std::ranges::sort(entry.pods, {},
                      [](const auto& pod) { return std::tie(pod->meta.ns, pod->meta.name); });
  }
  std::ranges::sort(matched, {}, [](const MatchedTarget& m) { return m.target->meta.Key(); });
  return matched;
}

std::string RenderHttpSd(const ScrapePlan& plan) {
  std::string json = "[";
  for (const auto& target : plan.targets) {
    if (json.size() > 1) json += ',';
    AppendHttpSd(target, json);
  }
  return json + ']';
}

std::string WholeDocument(const World& world, const std::vector<std::shared_ptr<const Pod>>& pods) {
  return RenderHttpSd(PlanScrapes(MatchAll(world, pods)));
}

}  // namespace telltale
