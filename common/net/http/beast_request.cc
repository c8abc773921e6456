// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/beast_request.h"

#include <boost/beast/http/error.hpp>
#include <exception>

#include "common/base/log.h"
#include "common/net/http/url.h"

namespace telltale {

namespace http = boost::beast::http;

HttpResponse SessionHost::Answer(const HttpRequest& request) const {
  std::string what = "not a std::exception";
  try {
    return handler(request);
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
  }
  LogError("an HTTP handler threw an exception; the client got a 500",
           {{"method", request.method}, {"path", request.path()}, {"exception", what}});
  return TextResponse(500, "internal error\n");
}

std::optional<HttpRequest> TakeRequest(RequestMessage& message) {
  HttpRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  // A client of proxies may send http://host/path; only the path is for us.
  if (request.target.front() != '/' && request.target != "*") {
    auto url = ParseUrl(request.target);
    if (!url.ok()) return std::nullopt;
    request.target = std::move(url->target);
  }
  for (const auto& field : message) {
    request.headers.emplace_back(field.name_string(), field.value());
  }
  request.body = std::move(message.body());
  return request;
}

std::size_t MaxBodyOf(RequestMessage& message, bool from_loopback,
                      const HttpServerOptions& options) {
  if (!options.max_body_of) return options.max_body;
  auto head = TakeRequest(message);  // its body is still empty
  if (!head) return options.max_body;
  head->from_loopback = from_loopback;
  return options.max_body_of(*head);
}

bool IsLoopback(const boost::asio::ip::tcp::socket& socket) {
  namespace ip = boost::asio::ip;
  const auto is_loopback = [](const ip::address& address) {
    if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address.is_loopback();
    return ip::make_address_v4(ip::v4_mapped, address.to_v6()).is_loopback();
  };
  boost::beast::error_code no_remote, no_local;
  const ip::address remote = socket.remote_endpoint(no_remote).address();
  const ip::address local = socket.local_endpoint(no_local).address();
  return !no_remote && !no_local && is_loopback(remote) && is_loopback(local);
}

std::optional<std::pair<int, std::string>> RefusalOf(boost::beast::error_code error,
                                                     std::size_t max_body, std::size_t max_header) {
  static const auto& parse_errors = http::make_error_code(http::error::bad_method).category();
  if (error.category() != parse_errors) return std::nullopt;
  if (error == http::error::end_of_stream || error == http::error::partial_message) {
    return std::nullopt;
  }
  if (error == http::error::body_limit) {
    return std::pair(413, "the body is larger than " + std::to_string(max_body) + " bytes");
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return std::pair(431, "the header is larger than " + std::to_string(max_header) + " bytes");
  }
  return std::pair(400, "the request is not HTTP/1.1: " + error.message());
}

}  // namespace telltale
