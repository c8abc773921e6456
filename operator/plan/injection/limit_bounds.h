// SPDX-License-Identifier: Apache-2.0
//
// What LimitRanges and the pod leave the sidecar of one resource. Amounts are counted in units that
// the API server compares: thousandths of a core, bytes, pieces. Internal to operator/plan; pure.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "operator/model/limit_range.h"
#include "operator/plan/injection/admitted_pod.h"

namespace telltale {

struct Bounds {
  static constexpr double kNone = std::numeric_limits<double>::infinity();
  double min = 0;  // of the request and of the limit
  double max_request = kNone;
  double max_limit = kNone;
  double max_ratio = kNone;  // of limit to request
  double pod_min = 0;        // of the sums of all containers
  // A LimitRange demands a value of each container, or gives one to a container that has none.
  bool of_containers = false;
  bool needs_limit = false;  // a maximum or a ratio demands that a limit is given
};

// Nothing when the quantity cannot be read.
std::optional<double> UnitsOf(std::string_view resource, const std::string* quantity);
std::string QuantityOf(std::string_view resource, double units);

// Sum over the pod's containers as the scheduler counts it; nothing when none gives the resource.
std::optional<double> SumOf(const AdmittedPod& pod, Labels Resources::* list,
                            std::string_view resource);

Bounds BoundsOf(const AdmittedPod& pod, const LimitRanges& ranges, std::string_view resource);

}  // namespace telltale
