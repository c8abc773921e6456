// SPDX-License-Identifier: Apache-2.0
//
// The pieces of one response on their way out. Asio hands 64 buffers to one system call, which with
// pieces of some hundred bytes is little; so what the socket takes beyond them is sent directly, a
// thousand pieces at a time. Used by Session, on the server's io thread; part of its Boost fence.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <cstddef>
#include <span>
#include <string_view>

#include "common/net/http/body_pieces.h"

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
      buffers_[count++] = boost::asio::buffer(piece.data() + sent_, piece.size() - sent_);
      sent_ = 0;
    }
    return {buffers_.data(), buffers_.data() + count};
  }

  // Sends what the socket takes at once, at most kMany pieces, so that other connections have
  // their turn. Failures show at the next write.
  void SendNow(int socket) {
    std::array<std::string_view, kMany> pieces;
    BodyPieces::Cursor behind = at_;
    const std::size_t found = body_.Next(behind, pieces);
    if (found == 0) return;
    std::array<iovec, kMany> vectors;
    for (std::size_t i = 0; i < found; ++i) {
      // The kernel only reads through it.
      vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    }
    vectors[0] = {const_cast<char*>(pieces[0].data() + sent_), pieces[0].size() - sent_};
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = found;
    const ssize_t taken = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (taken > 0) Advance(static_cast<std::size_t>(taken) + sent_, std::span(pieces).first(found));
  }

 private:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMany = 1024;  // IOV_MAX

  // `size` bytes from the start of the first of `pieces`, which is where at_ is, are sent.
  void Advance(std::size_t size, std::span<std::string_view> pieces) {
    std::size_t whole = 0;
    while (whole < pieces.size() && size >= pieces[whole].size()) size -= pieces[whole++].size();
    if (whole > 0) body_.Next(at_, pieces.first(whole));
    sent_ = size;
  }

  const BodyPieces& body_;
  BodyPieces::Cursor at_;
  std::size_t sent_ = 0;  // of the piece at at_
  std::array<boost::asio::const_buffer, kMost> buffers_;
};

}  // namespace telltale
