// SPDX-License-Identifier: Apache-2.0
//
// An HTTP/1.1 server with the limits that a server on an admission path needs: header 16 KiB,
// body `max_body`, all input that is unfinished `max_input`, deadlines for handshake, header, body
// and idle, a connection cap, dual-stack bind, keep-alive, HEAD, drain on Stop. Clients that leave
// connections idle or stalled lose them to others (connection_book.h), so that a health check is
// answered whatever they do. Used by the operator (discovery, webhook, metrics) and by the sidecar.
// The implementation is the fence of Boost.Beast.
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
#include <string_view>

#include "common/base/result.h"
#include "common/net/http/http.h"
#include "common/net/tls/tls.h"

namespace telltale {

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

struct HttpServerOptions {
  std::string listen = ":8080";  // see ParseHostPort; port 0 lets the system choose
  // Also listens on 127.0.0.1 and ::1, with the same port. An address that is not to be had is left
  // out.
  bool listen_on_loopback = false;
  // 0: no body is read; a request with one is answered by its header, and its connection closed.
  std::size_t max_body = 1 << 20;
  // In place of max_body for the request with this head; for servers whose max_body is not 0.
  std::function<std::size_t(const HttpRequest& head)> max_body_of = {};
  // Told of requests that the server refuses by itself, such as one with too large a body (413).
  std::function<void(std::string_view target, int status)> on_refused = {};
  std::size_t max_header = 16 << 10;
  // Bytes of all headers and bodies that are not whole yet. One request alone may take more.
  std::size_t max_input = 4 << 20;
  // Bytes of all answers that are being written; beyond it the one that began first is cut off. One
  // answer alone may be larger. 0: no limit.
  std::size_t max_output = 0;
  // Beyond it a connection that is idle or slow is closed for a new one (connection_book.h). If all
  // are at work the new one waits.
  int max_connections = 512;
  // Connections that wait for a place. They cost a socket each.
  int max_waiting = 512;
  std::chrono::milliseconds read_timeout{10'000};  // handshake, header and body, each
  std::chrono::milliseconds idle_timeout{60'000};  // between requests of a kept connection
  std::chrono::milliseconds write_timeout{30'000};
  // From when on a connection may be closed for another: without a whole header; and with a body
  // that is not whole, or a peer that reads no more of its answer.
  std::chrono::milliseconds slow_header{250};
  std::chrono::milliseconds slow_peer{1'000};
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
