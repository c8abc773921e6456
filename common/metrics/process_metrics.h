// SPDX-License-Identifier: Apache-2.0
//
// The process_* metrics that every Prometheus client library exports (prometheus/docs "Writing
// client libraries"), read from /proc/self when the page is rendered, and telltale_build_info.
#pragma once

#include <string>
#include <string_view>

#include "common/metrics/registry.h"

namespace telltale {

// `proc` is the root of procfs, another folder in tests.
void AddProcessMetrics(Registry& registry, std::string_view program, std::string_view version,
                       std::string proc = "/proc");

}  // namespace telltale
