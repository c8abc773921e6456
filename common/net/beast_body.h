// SPDX-License-Identifier: Apache-2.0
//
// How beast_client.cc reads the body of a response: in pieces, into a string or into a sink.
// Internal to it; a fence file of Boost.Beast.
#pragma once

#include <array>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/net/http.h"

namespace telltale::beast_client {

using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;
// Null: the body is collected.
using Sink = const FunctionRef<bool(std::string_view)>*;

inline constexpr std::uint32_t kMaxHeader = 64 << 10;

inline void StartParser(std::optional<Parser>& parser, bool no_body, Sink sink,
                        std::size_t max_response) {
  parser.emplace();
  parser->header_limit(kMaxHeader);
  // A number, because Beast 1.74 refuses every Content-Length when there is no limit.
  parser->body_limit(sink ? std::numeric_limits<std::uint64_t>::max() : max_response);
  parser->skip(no_body);
}

// `await` starts an operation and returns how it ended. A sink that has enough ends the reading
// with parser.is_done() false; so does a collected body of another status than 200 at 64 KiB.
template <class Wire, class Await>
boost::system::error_code ReadBody(Wire& wire, boost::beast::flat_buffer& buffer, Parser& parser,
                                   Sink sink, HttpResponse& response, Await await) {
  constexpr std::size_t kPiece = 16 << 10;
  constexpr std::size_t kMaxOtherBody = 64 << 10;
  const bool other = sink && response.status != 200;
  if (other) sink = nullptr;
  std::array<char, kPiece> piece;
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    boost::system::error_code error =
        await([&](auto done) { boost::beast::http::async_read(wire, buffer, parser, done); });
    if (error == boost::beast::http::error::need_buffer) error = {};
    if (error) return error;
    const std::string_view read(piece.data(), piece.size() - body.size);
    if (sink && !read.empty() && !(*sink)(read)) break;
    if (!sink) response.body.append(read);
    if (other && response.body.size() > kMaxOtherBody) {
      response.body.resize(kMaxOtherBody);
      break;
    }
  }
  return {};
}

}  // namespace telltale::beast_client
