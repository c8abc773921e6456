// SPDX-License-Identifier: Apache-2.0
//
// HTTP messages as plain values, shared by servers and clients. Thread-compatible.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/net/http/body_pieces.h"

namespace telltale {

// Names compare without case (RFC 9110 §5.1); order is kept.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
const std::string* FindHeader(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, as on the wire
  HttpHeaders headers;
  std::string body;
  // Of HttpServer: both ends of the connection are loopback addresses, so the client runs in the
  // server's own pod. A proxy of a service mesh brings strangers from 127.0.0.6 to the pod's
  // address.
  bool from_loopback = false;

  std::string_view path() const;   // the target up to '?'
  std::string_view query() const;  // after '?', empty without one
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
  // Set instead of body when many readers get the same bytes (service discovery).
  std::shared_ptr<const BodyPieces> pieces;
  // Of HttpServer: how long the client may take to read the answer, at most the server's own limit;
  // 0 is that limit.
  std::chrono::milliseconds write_timeout{0};
  // Of HttpClient: the kept connection was closed without an answer and the request sent once more,
  // so that the server may have done it before.
  bool sent_twice = false;

  std::size_t content_length() const { return pieces ? pieces->size() : body.size(); }
};

HttpResponse TextResponse(int status, std::string text);
HttpResponse JsonResponse(int status, std::string json);

// The value of `name` in a query string, percent-decoded; empty when absent.
std::string QueryParameter(std::string_view query, std::string_view name);
// Percent-encodes everything but the unreserved characters of RFC 3986.
std::string UrlEncode(std::string_view text);

}  // namespace telltale
