// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/limit_bounds.h"

#include <algorithm>
#include <cmath>

#include "operator/model/quantity.h"

namespace telltale {
namespace {

double Given(std::string_view resource, const Labels& list, double otherwise) {
  return UnitsOf(resource, FindLabel(list, resource)).value_or(otherwise);
}

// The first init containers that restart run beside those after them.
std::optional<double> Larger(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return std::max(*a, *b);
}

std::optional<double> Plus(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return *a + *b;
}

void AddContainerItem(const LimitRangeItem& item, std::string_view resource, Bounds& bounds) {
  const double max = Given(resource, item.max, Bounds::kNone);
  const double ratio =
      ParseQuantity(FindLabel(item.max_ratio, resource) ? *FindLabel(item.max_ratio, resource)
                                                        : std::string())
          .value_or(Bounds::kNone);
  bounds.min = std::max(bounds.min, Given(resource, item.min, 0));
  bounds.max_request = std::min(bounds.max_request, max);
  bounds.max_limit = std::min(bounds.max_limit, max);
  bounds.max_ratio = std::min(bounds.max_ratio, ratio);
  bounds.needs_limit |= max != Bounds::kNone || ratio != Bounds::kNone;
  for (const auto* list :
       {&item.min, &item.max, &item.max_ratio, &item.default_limits, &item.default_requests}) {
    bounds.of_containers |= FindLabel(*list, resource) != nullptr;
  }
}

// What the pod has as a whole stands for its containers, and the sidecar adds nothing to it.
void AddPodItem(const AdmittedPod& pod, const LimitRangeItem& item, std::string_view resource,
                Bounds& bounds) {
  const double max = Given(resource, item.max, Bounds::kNone);
  const bool pod_requests = pod.resources && FindLabel(pod.resources->requests, resource);
  const bool pod_limits = pod.resources && FindLabel(pod.resources->limits, resource);
  const double ratio =
      ParseQuantity(FindLabel(item.max_ratio, resource) ? *FindLabel(item.max_ratio, resource)
                                                        : std::string())
          .value_or(Bounds::kNone);
  if (!pod_requests) {
    bounds.max_request =
        std::min(bounds.max_request, max - SumOf(pod, &Resources::requests, resource).value_or(0));
  }
  if (!pod_limits) {
    bounds.max_limit =
        std::min(bounds.max_limit, max - SumOf(pod, &Resources::limits, resource).value_or(0));
    bounds.pod_min = std::max(bounds.pod_min, Given(resource, item.min, 0));
  }
  // Parts with at most this ratio have it together too.
  if (!pod_requests || !pod_limits) bounds.max_ratio = std::min(bounds.max_ratio, ratio);
}

}  // namespace

std::optional<double> UnitsOf(std::string_view resource, const std::string* quantity) {
  if (!quantity) return std::nullopt;
  const auto value = ParseQuantity(*quantity);
  if (!value) return std::nullopt;
  return resource == "cpu" ? std::ceil(*value * 1000 - 1e-6) : std::ceil(*value - 1e-6);
}

std::string QuantityOf(std::string_view resource, double units) {
  const auto whole = static_cast<std::int64_t>(std::min(units, 9e18));  // of a quantity at most
  if (resource == "cpu") {
    return whole % 1000 == 0 ? std::to_string(whole / 1000) : std::to_string(whole) + "m";
  }
  if (whole == 0) return "0";
  constexpr std::int64_t kMebi = 1 << 20, kKibi = 1 << 10;
  if (whole % kMebi == 0) return std::to_string(whole / kMebi) + "Mi";
  if (whole % kKibi == 0) return std::to_string(whole / kKibi) + "Ki";
  return std::to_string(whole);
}

std::optional<double> SumOf(const AdmittedPod& pod, Labels Resources::* list,
                            std::string_view resource) {
  std::optional<double> running, starting, restarting;
  for (const auto& container : pod.containers) {
    running = Plus(running, UnitsOf(resource, FindLabel(container.resources.*list, resource)));
  }
  for (const auto& container : pod.init_containers) {
    const auto own = UnitsOf(resource, FindLabel(container.resources.*list, resource));
    starting = Larger(starting, Plus(restarting, own));
    if (!container.restarts) continue;
    running = Plus(running, own);
    restarting = Plus(restarting, own);
  }
  return Larger(running, starting);
}

Bounds BoundsOf(const AdmittedPod& pod, const LimitRanges& ranges, std::string_view resource) {
  Bounds bounds;
  for (const auto& range : ranges) {
    for (const auto& item : range->items) {
      item.of_pod ? AddPodItem(pod, item, resource, bounds)
                  : AddContainerItem(item, resource, bounds);
    }
  }
  if (!pod.resources) return bounds;
  // The API server refuses containers that ask for more than their pod.
  if (const auto whole = UnitsOf(resource, FindLabel(pod.resources->requests, resource))) {
    const double used = SumOf(pod, &Resources::requests, resource).value_or(0);
    bounds.max_request = std::min(bounds.max_request, *whole - used);
  }
  if (const auto whole = UnitsOf(resource, FindLabel(pod.resources->limits, resource))) {
    bounds.max_limit = std::min(bounds.max_limit, *whole);
  }
  return bounds;
}

}  // namespace telltale
