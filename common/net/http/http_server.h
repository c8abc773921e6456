// SPDX-License-Identifier: Apache-2.0
//
// An HTTP/1.1 server with the limits that a server on an admission path needs: header 16 KiB,
// body `max_body`, deadlines for handshake, header, body and idle, a connection cap, dual-stack
// bind, keep-alive, HEAD, drain on Stop. Used by the operator (discovery, webhook, metrics) and by
// the sidecar. The implementation is the fence of Boost.Beast.
//
// Threads: one io thread of its own runs every handler, so a handler must not block; it may take
// short locks. Start, Stop and SetKeyPair are called from the owner's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/net/http/http.h"
#include "common/net/tls/tls.h"

namespace telltale {

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpServerOptions {
  std::string listen = ":8080";  // see ParseHostPort; port 0 lets the system choose
  std::size_t max_body = 1 << 20;
  std::size_t max_header = 16 << 10;
  // Beyond it a connection is closed for a new one: that which rests longest between two requests,
  // else one that has not sent its request, of the peer that has the most of them; else one whose
  // peer has not read for `slow_reader`. If all are at work the new one gets a 503.
  int max_connections = 512;
  std::chrono::milliseconds read_timeout{10'000};  // handshake, header and body, each
  std::chrono::milliseconds idle_timeout{60'000};  // between requests of a kept connection
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds slow_reader{5'000};
  std::optional<KeyPair> tls;  // plain HTTP without it
};

class HttpServer {
 public:
  HttpServer(HttpServerOptions options, HttpHandler handler);
  ~HttpServer();  // stops

  // Binds and starts the io thread. An error names the address and the reason.
  Status Start();
  // The bound port; after Start.
  std::uint16_t port() const;
  // New connections use this pair; a pair whose key does not match is refused and the old kept.
  Status SetKeyPair(const KeyPair& pair);
  // Refuses new connections, lets requests in flight finish for at most `grace`, joins the thread.
  void Stop(std::chrono::milliseconds grace = std::chrono::milliseconds(5000));

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
