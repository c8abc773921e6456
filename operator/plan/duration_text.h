// SPDX-License-Identifier: Apache-2.0
//
// Milliseconds as the text that Prometheus, Promtail (Go) and the sidecar all read: "15s",
// "1m30s", "500ms"; "0s" for nothing and below. Internal to operator/plan; pure.
#pragma once

#include <cstdint>
#include <string>

namespace telltale {

std::string DurationText(std::int64_t ms);

}  // namespace telltale
