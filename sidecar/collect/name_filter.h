// SPDX-License-Identifier: Apache-2.0
//
// Which devices, mounts and processes a collector shows. Pure, thread-safe.
#pragma once

#include <string_view>

#include "sidecar/config/collectors_config.h"

namespace telltale {

// `*` matches any run of characters, also "/", and `?` any one; the whole name must match.
bool MatchesName(std::string_view pattern, std::string_view name);

// One of `include` matches, or it is empty, and none of `exclude` does.
bool Keeps(const NameFilter& filter, std::string_view name);

// One of `include` matches: what is left out by default is wanted.
bool Includes(const NameFilter& filter, std::string_view name);

// The pattern stands for one name alone.
bool IsExact(std::string_view pattern);

}  // namespace telltale
