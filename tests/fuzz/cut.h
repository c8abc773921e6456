// SPDX-License-Identifier: Apache-2.0
//
// For targets that read a stream: where the network cuts it must not change what is read.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "common/base/check.h"

namespace telltale {

// Feeds `text` in pieces of this size until `feed` returns false.
template <class Feed>
void FeedInPieces(std::string_view text, std::size_t piece, Feed feed) {
  while (!text.empty() && feed(text.substr(0, piece))) {
    text.remove_prefix(std::min(piece, text.size()));
  }
}

// What `read(text, size of the pieces)` gives for the text in one piece; the same as for smaller
// ones, or the program ends.
template <class Read>
auto ReadInAnyPieces(std::string_view text, Read read) {
  const auto whole = read(text, text.size() + 1);
  for (const std::size_t piece : {1u, 7u, 300u}) TELLTALE_CHECK(read(text, piece) == whole);
  return whole;
}

}  // namespace telltale
