// SPDX-License-Identifier: Apache-2.0
//
// Snappy's block format, as Loki wants a protobuf push. The implementation is the fence of
// libsnappy. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace telltale {

std::string SnappyCompress(std::string_view bytes);
// Nothing when the text is not snappy.
std::optional<std::string> SnappyUncompress(std::string_view compressed);

// The size before compression; 0 when the text is not snappy.
std::size_t SnappyRawSize(std::string_view compressed);
// Appends a compressed text to `out`, which is the elements of others, without its length: copies
// in a block look back within their own text only (format_description.txt of snappy), so elements
// that follow each other are the compressed form of the texts that follow each other.
void AppendSnappyElements(std::string_view compressed, std::string& out);

}  // namespace telltale
