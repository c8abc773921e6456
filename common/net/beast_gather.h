// SPDX-License-Identifier: Apache-2.0
//
// The pieces of one response on their way out, as many at a time as one system call takes from
// Asio. Used by Session, on the server's io thread; part of its Boost fence.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <span>
#include <string_view>

#include "common/net/body_pieces.h"

namespace telltale {

class Gather {
 public:
  // A sequence of buffers that the Gather owns.
  struct Buffers {
    using value_type = boost::asio::const_buffer;
    using const_iterator = const value_type*;
    const_iterator first, last;
    const_iterator begin() const { return first; }
    const_iterator end() const { return last; }
  };

  explicit Gather(const BodyPieces& body) : body_(body) {}

  // The next pieces, behind `head` if that is not empty; no buffers at the end.
  Buffers Next(std::string_view head = {}) {
    std::size_t count = 0;
    if (!head.empty()) buffers_[count++] = boost::asio::buffer(head.data(), head.size());
    std::array<std::string_view, kMost> pieces;
    const std::size_t found = body_.Next(at_, std::span(pieces).first(kMost - count));
    for (const std::string_view piece : std::span(pieces).first(found)) {
      buffers_[count++] = boost::asio::buffer(piece.data(), piece.size());
    }
    return {buffers_.data(), buffers_.data() + count};
  }

 private:
  static constexpr std::size_t kMost = 64;
  const BodyPieces& body_;
  BodyPieces::Cursor at_;
  std::array<boost::asio::const_buffer, kMost> buffers_;
};

}  // namespace telltale
