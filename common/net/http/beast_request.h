// SPDX-License-Identifier: Apache-2.0
//
// What a server connection does with a request that has arrived, apart from bytes and deadlines:
// the message as an HttpRequest, the answer to what is no request, and the call of the handler.
// Included by beast_session.h and beast_server.cc only; part of their Beast fence.
#pragma once

#include <utility>  // before Asio 1.74, which forgets it
//
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <optional>
#include <string>

#include "common/net/http/connection_book.h"
#include "common/net/http/http_server.h"

namespace telltale {

// What sessions share with their server; outlives them.
struct SessionHost {
  HttpServerOptions options;
  HttpHandler handler;
  ConnectionBook book;
  bool draining = false;
  std::function<void()> on_room = {};  // a session closed, or rests and may be closed for another
  std::function<void()> on_last_closed = {};  // while draining

  // The handler's answer; a 500 if it threw.
  HttpResponse Answer(const HttpRequest& request) const;
};

using RequestMessage = boost::beast::http::request<boost::beast::http::string_body>;

// Nothing if its target is no path. The body is moved out of the message.
std::optional<HttpRequest> TakeRequest(RequestMessage& message);

// The limit on the body of a request whose header was read.
std::size_t MaxBodyOf(RequestMessage& message, bool from_loopback,
                      const HttpServerOptions& options);

// Whether both ends are loopback addresses.
bool IsLoopback(const boost::asio::ip::tcp::socket& socket);

// The status and the reason for a request that cannot be read; nothing for timeouts, resets and
// closed connections, which have no reader.
std::optional<std::pair<int, std::string>> RefusalOf(boost::beast::error_code error,
                                                     std::size_t max_body, std::size_t max_header);

}  // namespace telltale
