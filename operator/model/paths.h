// SPDX-License-Identifier: Apache-2.0
//
// Mount paths compared as the kubelet sees them: by component. Pure.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

// "/var//log/./shop/" and "/var/log/shop" are one path; the root is "".
std::string NormalisedPath(std::string_view path);

// True when `path` is `directory` or lies below it. Both normalised.
bool PathContains(std::string_view directory, std::string_view path);

// True when a component is "..".
bool HasDotDot(std::string_view path);

}  // namespace telltale
