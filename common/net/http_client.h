// SPDX-License-Identifier: Apache-2.0
//
// A blocking HTTP/1.1 client for one server, with one kept connection. Used by the sidecar (Loki,
// reload) and by the operator's questions to Prometheus. Each call has one total deadline. Not
// thread-safe: one thread owns a client; Cancel may come from another thread and makes the call
// under way, and all later ones, return kCancelled. A kept connection that the server closed is
// replaced once, silently, only when no byte of the response was read. Redirects are not followed.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/net/http.h"
#include "common/net/tls.h"
#include "common/net/url.h"

namespace telltale {

struct HttpClientOptions {
  Url server;  // scheme, host, port; its target is not used
  TlsClientOptions tls;
  std::chrono::milliseconds connect_timeout{5'000};
  std::size_t max_response = 4 << 20;  // kTooLarge beyond it
  std::string user_agent = "telltale";
};

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
  Result<HttpResponse> Stream(const HttpRequest& request, std::chrono::milliseconds timeout,
                              FunctionRef<bool(std::string_view)> sink);
  void Cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
