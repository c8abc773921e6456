// SPDX-License-Identifier: Apache-2.0
//
// The pairs of a logfmt line, as go-logfmt reads them: key=value, key="quoted", key alone. What
// comes before a mistake counts. Pure; fuzzed. Called by the logfmt stage for each line.
#pragma once

#include <string_view>

#include "common/base/function_ref.h"
#include "sidecar/pipeline/arena.h"

namespace telltale {

void ScanLogfmt(std::string_view text, Arena& arena,
                FunctionRef<void(std::string_view key, std::string_view value)> pair);

}  // namespace telltale
