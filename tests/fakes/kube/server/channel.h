// SPDX-License-Identifier: Apache-2.0
//
// A connected socket that never blocks, with TLS or without. Owned and used by one connection on
// the server's thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/net/tls/tls_context.h"

namespace telltale {

class Channel {
 public:
  // Takes the descriptor. A null context: plain.
  Channel(int fd, const TlsContext& tls);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  enum class Outcome { kDone, kWouldBlock, kClosed };
  // Appends what has arrived.
  Outcome Read(std::string& out);
  // Writes some of it and says how much.
  Outcome Write(std::string_view data, std::size_t& written);
  // Whether the handshake waits until the socket can be written to.
  bool handshake_wants_write() const { return handshake_wants_write_; }

  int fd() const { return fd_; }
  void ResetOnClose();  // the peer sees a RST instead of a FIN

 private:
  Outcome Handshake();
  Outcome Failed(int result);

  const int fd_;
  TlsContext context_;
  ssl_st* ssl_ = nullptr;
  bool established_ = false, handshake_wants_write_ = false;
};

}  // namespace telltale
