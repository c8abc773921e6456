// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/sidecar_resources.h"

#include <algorithm>
#include <array>

#include "operator/model/quantity.h"
#include "operator/plan/injection/limit_fit.h"

namespace telltale {
namespace {

using Targets = std::vector<std::shared_ptr<const MonitoringTarget>>;

struct ResourceDefault {
  std::string_view name, request, limit;
  std::string_view guaranteed;  // request and limit in a Guaranteed pod
};
constexpr std::string_view kStorage = "ephemeral-storage";
constexpr std::array<ResourceDefault, 2> kDefaults = {
    {{"cpu", "10m", "200m", "100m"}, {"memory", "16Mi", "64Mi", "64Mi"}}};

// The larger of what the targets give for a resource. The default that the CRD writes into every
// resource is nothing given.
std::string Largest(const Targets& targets, Labels SidecarSpec::* list, std::string_view name,
                    std::string_view default_value) {
  std::string largest;
  for (const auto& target : targets) {
    if (!target->sidecar) continue;
    const std::string* given = FindLabel((*target->sidecar).*list, name);
    if (!given || ParseQuantity(*given) == ParseQuantity(default_value)) continue;
    if (largest.empty() || ParseQuantity(*given) > ParseQuantity(largest)) largest = *given;
  }
  return largest;
}

template <class F>
bool AllContainers(const AdmittedPod& pod, F holds) {
  return std::ranges::all_of(pod.containers, holds) &&
         std::ranges::all_of(pod.init_containers, holds);
}

// As the API server classifies pods: by cpu and memory of all containers.
bool IsGuaranteed(const AdmittedPod& pod) {
  return AllContainers(pod, [](const AdmittedContainer& container) {
    return std::ranges::all_of(kDefaults, [&](const ResourceDefault& resource) {
      const std::string* request = FindLabel(container.resources.requests, resource.name);
      const std::string* limit = FindLabel(container.resources.limits, resource.name);
      return request && limit && ParseQuantity(*request) == ParseQuantity(*limit);
    });
  });
}

bool IsBestEffort(const AdmittedPod& pod) {
  return AllContainers(pod, [](const AdmittedContainer& container) {
    return std::ranges::all_of(kDefaults, [&](const ResourceDefault& resource) {
      return !FindLabel(container.resources.requests, resource.name) &&
             !FindLabel(container.resources.limits, resource.name);
    });
  });
}

bool OfThePod(const AdmittedPod& pod, std::string_view name) {
  return pod.resources &&
         (FindLabel(pod.resources->requests, name) || FindLabel(pod.resources->limits, name));
}

struct Wish {
  std::string request, limit;  // what targets ask for; may be empty
};

Wish Resolve(const Wish& asked, const ResourceDefault& fallback, bool guaranteed) {
  Wish wish = asked;
  if (guaranteed) {
    if (wish.limit.empty()) wish.limit = fallback.guaranteed;
    if (ParseQuantity(wish.request) > ParseQuantity(wish.limit)) wish.limit = wish.request;
    return {wish.limit, wish.limit};
  }
  if (wish.request.empty()) wish.request = fallback.request;
  if (wish.limit.empty()) wish.limit = fallback.limit;
  if (ParseQuantity(wish.request) <= ParseQuantity(wish.limit)) return wish;
  const bool request_is_default = asked.request.empty();
  return request_is_default ? Wish{wish.limit, wish.limit} : Wish{wish.request, wish.request};
}

// A quota may demand it of each container, and a pod's limit is the sum of its containers' limits.
void AddStorage(const AdmittedPod& pod, Resources& resources) {
  auto all_give = [&](Labels Resources::* list) {
    return AllContainers(pod, [&](const AdmittedContainer& container) {
      return FindLabel(container.resources.*list, kStorage) != nullptr;
    });
  };
  if (!all_give(&Resources::requests)) return;
  SetLabel(resources.requests, kStorage, "16Mi");
  if (all_give(&Resources::limits)) SetLabel(resources.limits, kStorage, "64Mi");
}

}  // namespace

Result<Resources> PlanSidecarResources(const AdmittedPod& admitted, const LimitRanges& limits,
                                       const Targets& targets) {
  AdmittedPod pod = admitted;
  ApplyLimitDefaults(limits, pod);
  const bool pod_level = pod.resources && !pod.resources->empty();
  const bool guaranteed = !pod_level && IsGuaranteed(pod);
  std::array<Wish, kDefaults.size()> asked;
  bool any = false;
  for (std::size_t i = 0; i < kDefaults.size(); ++i) {
    const ResourceDefault& fallback = kDefaults[i];
    asked[i] = {Largest(targets, &SidecarSpec::requests, fallback.name, fallback.request),
                Largest(targets, &SidecarSpec::limits, fallback.name, fallback.limit)};
    any |= !asked[i].request.empty() || !asked[i].limit.empty();
  }
  Resources resources;
  const bool nothing = !any && !pod_level && IsBestEffort(pod);
  for (std::size_t i = 0; i < kDefaults.size() && !nothing; ++i) {
    const ResourceDefault& fallback = kDefaults[i];
    if (OfThePod(pod, fallback.name)) continue;
    const Wish wish = Resolve(asked[i], fallback, guaranteed);
    SetLabel(resources.requests, fallback.name, wish.request);
    SetLabel(resources.limits, fallback.name, wish.limit);
  }
  AddStorage(pod, resources);
  return FitLimits(pod, limits, resources, guaranteed);
}

}  // namespace telltale
