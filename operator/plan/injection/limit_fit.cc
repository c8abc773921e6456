// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/limit_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "operator/plan/injection/limit_bounds.h"

namespace telltale {
namespace {

struct Needs {
  std::string_view resource;
  double request, limit;  // where LimitRanges demand that there is one
  double least;           // the sidecar does not work with less
  double modest;          // a limit is not lowered below it only to keep a ratio
};
constexpr double kMebi = 1 << 20;
constexpr std::array<Needs, 3> kNeeds = {
    {{"cpu", 10, 200, 5, 50},
     {"memory", 16 * kMebi, 64 * kMebi, 16 * kMebi, 32 * kMebi},
     {"ephemeral-storage", 16 * kMebi, 64 * kMebi, 0, 16 * kMebi}}};

// The sidecar needs no device and no huge page.
Needs NeedsOf(std::string_view resource) {
  for (const auto& needs : kNeeds) {
    if (needs.resource == resource) return needs;
  }
  return {resource, 0, 0, 0, 0};
}

struct Amounts {
  double request = 0;
  std::optional<double> limit;
};

// One resource at a time. Bounds do not depend on each other.
class Fitter {
 public:
  // `wanted` is the limit asked for: somebody may know that the sidecar works with less.
  Fitter(const AdmittedPod& pod, const Bounds& bounds, const Needs& needs, double wanted)
      : pod_(pod),
        bounds_(bounds),
        needs_(needs),
        least_(std::max(bounds.min, std::min(needs.least, wanted))) {}

  // Nothing when there is no way.
  std::optional<Amounts> Fit(double request, std::optional<double> limit, bool equal) const {
    if (!limit && bounds_.needs_limit) limit = std::max(request, needs_.limit);
    if (!limit) return WithoutLimit(request);
    if (equal) return Equal(*limit);
    double given = std::min(std::max({*limit, request, bounds_.min}), bounds_.max_limit);
    double asked = std::min({std::max(request, bounds_.min), bounds_.max_request, given});
    if (given < least_ || asked < bounds_.min) return std::nullopt;
    if (given > asked * bounds_.max_ratio) {
      const double modest = std::max(least_, std::min(given, needs_.modest));
      given = std::min(given, std::max(std::floor(asked * bounds_.max_ratio + 1e-6), modest));
      asked = std::max(asked, std::ceil(given / bounds_.max_ratio - 1e-6));
      if (asked > bounds_.max_request) {
        asked = bounds_.max_request;
        given = std::floor(asked * bounds_.max_ratio + 1e-6);
      }
      if (asked <= 0 || given < least_) return std::nullopt;
    }
    return AsLargeAsThePodMustBe({asked, given});
  }

 private:
  std::optional<Amounts> WithoutLimit(double request) const {
    const double asked = std::min(std::max(request, bounds_.min), bounds_.max_request);
    if (asked < bounds_.min) return std::nullopt;
    return Amounts{asked, std::nullopt};
  }

  std::optional<Amounts> Equal(double limit) const {
    const double most = std::min(bounds_.max_request, bounds_.max_limit);
    const double both = std::min(std::max(limit, bounds_.min), most);
    if (both < least_) return std::nullopt;
    if (both <= 0 && bounds_.max_ratio != Bounds::kNone) return std::nullopt;
    return Amounts{both, both};
  }

  // A least sum of limits holds as soon as one container has a limit, which is then ours.
  std::optional<Amounts> AsLargeAsThePodMustBe(Amounts amounts) const {
    if (bounds_.pod_min <= *amounts.limit) return amounts;
    if (SumOf(pod_, &Resources::limits, needs_.resource)) return amounts;
    if (!bounds_.needs_limit && bounds_.max_ratio == Bounds::kNone) {
      amounts.limit.reset();
      return amounts;
    }
    return std::nullopt;
  }

  const AdmittedPod& pod_;
  const Bounds& bounds_;
  const Needs& needs_;
  const double least_;
};

std::string TooLittle(const Needs& needs, const Bounds& bounds) {
  const double room = std::min(bounds.max_request, bounds.max_limit);
  const double needed = std::max({bounds.min, needs.least, 1.0});
  std::string text = "the namespace's LimitRanges and the pod's own resources leave ";
  if (room < needed) {
    text += room <= 0 ? "nothing" : QuantityOf(needs.resource, room);
    return text + " of " + std::string(needs.resource) + " for the sidecar, which needs " +
           QuantityOf(needs.resource, needed);
  }
  return text + "no request and limit of " + std::string(needs.resource) +
         " that the sidecar can have";
}

std::set<std::string> ResourcesOf(const LimitRanges& ranges, const Resources& wish) {
  std::set<std::string> names;
  for (const auto* list : {&wish.requests, &wish.limits}) {
    for (const auto& [name, quantity] : *list) names.insert(name);
  }
  for (const auto& range : ranges) {
    for (const auto& item : range->items) {
      if (item.of_pod) continue;
      for (const auto* list :
           {&item.min, &item.max, &item.max_ratio, &item.default_limits, &item.default_requests}) {
        for (const auto& [name, quantity] : *list) names.insert(name);
      }
    }
  }
  return names;
}

// The text of the wish where it is unchanged, as a person wrote it.
void Set(Labels& out, std::string_view resource, double units, const Labels& wish) {
  const std::string* text = FindLabel(wish, resource);
  SetLabel(out, resource,
           text && UnitsOf(resource, text) == units ? *text : QuantityOf(resource, units));
}

}  // namespace

void ApplyLimitDefaults(const LimitRanges& ranges, AdmittedPod& pod) {
  auto give = [](const Labels& defaults, Labels& list) {
    for (const auto& [name, quantity] : defaults) {
      if (!FindLabel(list, name)) SetLabel(list, name, quantity);
    }
  };
  for (const auto& range : ranges) {
    for (const auto& item : range->items) {
      if (item.of_pod) continue;
      for (auto* list : {&pod.containers, &pod.init_containers}) {
        for (auto& container : *list) {
          give(item.default_limits, container.resources.limits);
          give(item.default_requests, container.resources.requests);
        }
      }
    }
  }
}

Result<Resources> FitLimits(const AdmittedPod& pod, const LimitRanges& ranges,
                            const Resources& wish, bool equal) {
  Resources fitted;
  for (const auto& name : ResourcesOf(ranges, wish)) {
    const Bounds bounds = BoundsOf(pod, ranges, name);
    const Needs needs = NeedsOf(name);
    auto request = UnitsOf(name, FindLabel(wish.requests, name));
    auto limit = UnitsOf(name, FindLabel(wish.limits, name));
    if (!request) {
      // The API server would give the sidecar the namespace's default, which may not fit.
      if (!bounds.of_containers) continue;
      request = needs.request;
      limit = needs.limit;
    }
    const bool device = needs.limit == 0;
    const Fitter fitter(pod, bounds, needs, limit.value_or(*request));
    const auto amounts = fitter.Fit(*request, limit, equal || device);
    // A minimum of a device is one that the sidecar would take from others.
    if (!amounts || (device && amounts->request > 0)) {
      return Fail(Code::kInvalid, TooLittle(needs, bounds));
    }
    Set(fitted.requests, name, amounts->request, wish.requests);
    if (amounts->limit) Set(fitted.limits, name, *amounts->limit, wish.limits);
  }
  return fitted;
}

}  // namespace telltale
