// SPDX-License-Identifier: Apache-2.0
//
// The server's end of one connection, with or without TLS, blocking, and able to end it in every
// bad way. One thread uses it; Shutdown may come from another.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/net/tls/tls_context.h"

namespace telltale {

class LokiSocket {
 public:
  // Takes the descriptor. After `ends_after` bytes from the client it is reset; negative: never.
  LokiSocket(int fd, std::int64_t ends_after) : fd_(fd), ends_after_(ends_after) {}
  ~LokiSocket();
  LokiSocket(const LokiSocket&) = delete;
  LokiSocket& operator=(const LokiSocket&) = delete;

  // False when the client does not like us, or is to be cut off before.
  bool Handshake(const TlsContext& context);
  // The subject of the client's certificate; empty without one.
  std::string ClientName() const;
  // 0 at the end and on an error.
  std::size_t Read(char* data, std::size_t size);
  bool Write(std::string_view text);
  // Closing will be an RST instead of an end.
  void Reset();
  void Shutdown();

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int fd_;
  std::int64_t ends_after_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace telltale
