// SPDX-License-Identifier: Apache-2.0
//
// A LimitRange: what the API server demands of the containers and pods of a namespace
// (kubernetes.io "Limit Ranges"). Items for claims are not kept. Values.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "operator/model/object_meta.h"

namespace telltale {

struct LimitRangeItem {
  bool of_pod = false;  // of the pod as a whole, else of each container
  // Quantities by resource. `default_*` is what a container gets that gives none.
  Labels min, max, default_limits, default_requests;
  Labels max_ratio;  // of limit to request
};

struct LimitRange {
  ObjectMeta meta;
  std::vector<LimitRangeItem> items;
};

using LimitRanges = std::vector<std::shared_ptr<const LimitRange>>;

Status DecodeLimitRange(JsonValue value, LimitRange& out);

}  // namespace telltale
