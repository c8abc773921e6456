// SPDX-License-Identifier: Apache-2.0
//
// The labels that say where a line or an alert comes from. Telltale sets them; a stage or a
// resource must not, or a namespace could raise alerts in the name of another one. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace telltale {

// The key of the MonitoringTarget, NAMESPACE/NAME.
inline constexpr std::string_view kTargetLabel = "telltale_target";

inline constexpr std::array<std::string_view, 9> kOriginLabels = {
    "app", "cluster", "container", "filename", "job", "namespace", "node", "pod", kTargetLabel};

inline bool IsOriginLabel(std::string_view name) {
  return std::ranges::find(kOriginLabels, name) != kOriginLabels.end();
}

}  // namespace telltale
