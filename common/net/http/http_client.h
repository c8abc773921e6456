// SPDX-License-Identifier: Apache-2.0
//
// A blocking HTTP/1.1 client for one server, with one kept connection, directly or through a proxy.
// Used by the sidecar (Loki, reload) and by the operator (the Kubernetes API, Prometheus). Not
// thread-safe: one thread owns a client. Cancel may come from another thread; the current call and
// all later ones then return kCancelled. If the server closed the kept connection, the request is
// sent once more on a new one, but only if no byte of the response was read; so a request, POST
// included, may reach the server twice: the response says so (sent_twice). Redirects are not
// followed. A peer that disappears without closing the connection is noticed within a minute, also
// in the middle of a stream (dead_peer.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/net/http/http.h"
#include "common/net/http/http_proxy.h"
#include "common/net/http/url.h"
#include "common/net/tls/tls_context.h"

namespace telltale {

struct HttpClientOptions {
  Url server;  // scheme, host, port; its target is not used
  TlsClientOptions tls;
  std::optional<HttpProxy> proxy = {};  // not set: HTTP_PROXY, HTTPS_PROXY, NO_PROXY
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t max_response = 4 << 20;  // kTooLarge beyond it
  std::string user_agent = "telltale";
};

struct StreamLimits {
  using Millis = std::chrono::milliseconds;
  Millis whole = Millis::max();  // of the call
  Millis silence{30'000};        // to the head of the answer, and from one piece to the next;
                                 // read anew each time: the sink may change it
  // How long to leave it alone when all that had come was read, so that what comes in many small
  // pieces is read in few: the price of a piece is paid per read.
  Millis pause{0};
};

// How far a call got. With a proxy the first two are about the proxy.
enum class HttpStage { kLookup, kConnect, kProxy, kTls, kRequest, kAnswer };

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options);
  ~HttpClient();

  // Any HTTP status is a success here; errors are of the connection (kUnavailable), the deadline
  // (kTimeout), the limit (kTooLarge) or Cancel (kCancelled). Host, User-Agent and Content-Length
  // are set here.
  Result<HttpResponse> Send(const HttpRequest& request, std::chrono::milliseconds timeout);
  // The same, with the body of a 200 given to `sink` as it arrives, in pieces of any size and
  // however large it is; it is not in the response then. Another status's body is at most 64 KiB.
  // When `sink` returns false the rest is not read and the response is what had come by then. After
  // an error, what `sink` got is a part.
  Result<HttpResponse> Stream(const HttpRequest& request, const StreamLimits& limits,
                              FunctionRef<bool(std::string_view)> sink);
  // Of the last call; kAnswer when its head came.
  HttpStage stage() const;
  // Of the last TLS handshake, also if it failed: when the first of the certificates that the
  // server showed expires, in Unix seconds.
  std::optional<std::int64_t> certificate_expiry() const;
  // Closes the kept connection: the next call opens a new one.
  void Disconnect();
  void Cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
