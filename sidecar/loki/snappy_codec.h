// SPDX-License-Identifier: Apache-2.0
//
// Snappy's block format, as Loki wants a protobuf push. The implementation is the fence of
// libsnappy. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale {

std::string SnappyCompress(std::string_view bytes);
// Nothing when the text is not snappy.
std::optional<std::string> SnappyUncompress(std::string_view compressed);

}  // namespace telltale
