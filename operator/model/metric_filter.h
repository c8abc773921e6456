// SPDX-License-Identifier: Apache-2.0
//
// MetricFilter: which samples of a page are kept. Discovery cannot tell Prometheus that, only a job
// can, so endpoints with equal filters share a job and a discovery document of their own. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/model/monitoring_target.h"

namespace telltale {

// Refuses what Prometheus would not compile, with an error in the form of operator/model/decode.h,
// and label names without which samples would clash or lie about where they come from.
Status DecodeMetricFilter(JsonValue value, MetricFilter& out);

// One expression for any of `patterns`, in parentheses where it has several.
std::string AnyOf(const std::vector<std::string>& patterns);

// 32 hexadecimal digits, the same for equal filters.
std::string FilterName(const MetricFilter& filter);
bool IsFilterName(std::string_view name);

// The discovery document that an endpoint stands in: empty, CLASS, /FILTER or CLASS/FILTER.
std::string DocumentName(const Endpoint& endpoint);

}  // namespace telltale
