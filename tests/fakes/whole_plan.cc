// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/whole_plan.h"

#include <algorithm>
#include <set>
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

std::vector<ScrapeTarget> PlanScrapes(const std::vector<MatchedTarget>& matched) {
  std::vector<ScrapeTarget> plan;
  std::set<std::string> sidecars;  // uids of pods whose sidecar is listed
  for (const auto& entry : matched) {
    TakenPages host;
    for (const auto& pod : entry.pods) {
      TakenPages own;
      const std::size_t before = plan.size();
      PlanPod(*entry.target, *pod, !sidecars.contains(pod->meta.uid),
              pod->host_network ? host : own, plan);
      if (plan.size() > before && plan.back().endpoint == kSidecarEndpoint) {
        sidecars.insert(pod->meta.uid);
      }
    }
  }
  return plan;
}

PodView ViewOf(const Pod& pod) {
  PodView view;
  view.ns = pod.meta.ns;
  view.name = pod.meta.name;
  view.uid = pod.meta.uid;
  view.phase = pod.phase;
  view.ip = pod.ip;
  view.deleting = pod.meta.deleting;
  view.host_network = pod.host_network;
  view.windows = pod.windows;
  view.has_sidecar = pod.HasSidecar();
  const std::string* inject = FindLabel(pod.meta.annotations, kInjectAnnotation);
  view.opted_out = inject && *inject == "false";
  view.static_pod = FindLabel(pod.meta.annotations, kMirrorAnnotation) != nullptr;
  auto note = [&](std::string_view name) -> std::string_view {
    const std::string* text = FindLabel(pod.meta.annotations, name);
    return text ? std::string_view(*text) : std::string_view();
  };
  view.not_injected = note(kNotInjectedAnnotation);
  view.unseen_logs = note(kUnseenLogsAnnotation);
  if (const auto* image = FindLabel(pod.meta.annotations, kSidecarAnnotation)) {
    view.sidecar_image = *image;
  }
  view.created = pod.created;
  view.started = pod.started;
  const auto label = [&](std::string_view name) -> std::string_view {
    const std::string* text = FindLabel(pod.meta.labels, name);
    return text ? std::string_view(*text) : std::string_view();
  };
  view.template_hash = label(kTemplateHashLabel);
  view.revision_hash = label(kRevisionHashLabel);
  view.trouble = pod.trouble;
  view.sidecar_mounts = pod.sidecar_mounts;
  view.containers = &pod.containers;
  return view;
}

std::vector<PodView> ViewsOf(const std::vector<std::shared_ptr<const Pod>>& pods) {
  std::vector<PodView> views;
  for (const auto& pod : pods) views.push_back(ViewOf(*pod));
  return views;
}

std::string RenderHttpSd(const std::vector<ScrapeTarget>& plan) {
  std::string json = "[";
  for (const auto& target : plan) {
    if (json.size() > 1) json += ',';
    AppendHttpSd(target, json);
  }
  return json + ']';
}

std::string WholeDocument(const World& world, const std::vector<std::shared_ptr<const Pod>>& pods) {
  return RenderHttpSd(PlanScrapes(MatchAll(world, pods)));
}

}  // namespace telltale
