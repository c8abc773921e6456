// SPDX-License-Identifier: Apache-2.0
//
// The pairs of a logfmt line: key=value, key="quoted value", and a key alone. An unquoted value is
// everything after the first '=' up to the next space, so URLs, base64 and JSON stay whole. (Go's
// go-logfmt, which Promtail uses, stops reading at the second '='.) Words that are no pair are
// skipped. Pure, thread-safe; fuzzed. Called by the logfmt stage for each line.
#pragma once

#include <string_view>

#include "common/base/function_ref.h"
#include "sidecar/pipeline/arena.h"

namespace telltale {

// Calls `pair` for each pair in order. False if a quoted value does not end or has a bad escape;
// the pairs before it have been reported, and the rest of the text is not read.
bool ScanLogfmt(std::string_view text, Arena& arena,
                FunctionRef<void(std::string_view key, std::string_view value)> pair);

}  // namespace telltale
