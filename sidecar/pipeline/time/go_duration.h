// SPDX-License-Identifier: Apache-2.0
//
// Go's time.ParseDuration: "1h2m3.5s", "300us", "-1.5h". Pure.
#pragma once

#include <string_view>

namespace telltale {

// False when the text is no duration.
bool ParseGoDuration(std::string_view text, double& seconds);

}  // namespace telltale
