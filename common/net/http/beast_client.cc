// SPDX-License-Identifier: Apache-2.0
//
// Requests and answers of HttpClient over its Link. Beast parses, from bytes that were read here:
// its own reading functions cost an asynchronous operation for every chunk.
#include <algorithm>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/net/http/beast_link.h"
#include "common/net/http/http_client.h"
#include "common/net/http/http_wire.h"
#include "common/net/http/proxy_env.h"

namespace telltale {
namespace {

namespace http = boost::beast::http;
using AsioError = Link::AsioError;
using Millis = std::chrono::milliseconds;
using Parser = http::response_parser<http::buffer_body>;
using Sink = const FunctionRef<bool(std::string_view)>*;  // null: the body is collected

constexpr std::size_t kStreamPiece = 64 << 10, kSendPiece = 4 << 10;
constexpr std::size_t kMaxOtherBody = 64 << 10;

void StartParser(std::optional<Parser>& parser, bool no_body, Sink sink, std::size_t max_response) {
  parser.emplace();
  parser->header_limit(Link::kMaxHeader);
  // A number, because Beast 1.74 refuses every Content-Length when there is no limit.
  parser->body_limit(sink ? std::numeric_limits<std::uint64_t>::max() : max_response);
  parser->skip(no_body);
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(HttpClientOptions o) : options(std::move(o)), link(options) {}

  Result<HttpResponse> Send(const HttpRequest& request, const StreamLimits& l, Sink sink);
  Result<std::string> Head(const HttpRequest& request) const;
  Result<HttpResponse> Exchange(const HttpRequest& request, const std::string& head, Sink sink);
  Status ReadHeader(Parser& parser);
  AsioError ReadBody(Parser& parser, Sink sink, HttpResponse& response);
  AsioError Parse(Parser& parser);
  AsioError ReadMore(Parser& parser);
  SteadyTime Until() const;
  Millis Allowed() const { return std::min(limits->silence, limits->whole); }
  Error Failure(std::string_view doing, AsioError error) const;

  const HttpClientOptions options;
  Link link;
  const StreamLimits* limits = nullptr;  // of the call under way; its sink may change them
  SteadyTime deadline{};
  bool touched = false;  // a byte of this response was read
};

SteadyTime HttpClient::Impl::Until() const {
  if (limits->silence >= limits->whole) return deadline;
  return std::min(deadline, RealClock().Steady() + SteadyTime::duration(limits->silence));
}

Error HttpClient::Impl::Failure(std::string_view doing, AsioError error) const {
  return link.Failure(doing, error, Allowed());
}

// Gives the parser what was received; need_more when that is not enough for another step.
AsioError HttpClient::Impl::Parse(Parser& parser) {
  auto& received = link.received();
  AsioError error = http::error::need_more;
  if (received.size() > 0) received.consume(parser.put(received.data(), error));
  return error;
}

AsioError HttpClient::Impl::ReadMore(Parser& parser) {
  if (limits->pause > Millis(0) && parser.is_header_done() && link.Drained()) {
    std::this_thread::sleep_for(limits->pause);
  }
  AsioError error = link.ReadSome(Until());
  touched = touched || link.received().size() > 0;
  if (error != boost::asio::error::eof && error != boost::asio::ssl::error::stream_truncated) {
    return error;
  }
  if (!parser.got_some()) return http::error::end_of_stream;
  error = {};
  parser.put_eof(error);
  return error;
}

Status HttpClient::Impl::ReadHeader(Parser& parser) {
  while (!parser.is_header_done()) {
    AsioError error = Parse(parser);
    if (error == http::error::need_more) error = ReadMore(parser);
    if (error && link.GotTlsRecord()) {
      return Fail(Code::kUnavailable, "reading the response of " + link.name() +
                                          ": it answers in TLS: is the URL https://?");
    }
    if (error) return Failure("reading the response of", error);
  }
  if (parser.get().result_int() == 101) {
    return Fail(Code::kUnavailable,
                link.name() + " switched to another protocol, which nobody asked for");
  }
  return {};
}

// A sink that has enough ends the reading with parser.is_done() false; so does a collected body of
// another status than 200 when it is long.
AsioError HttpClient::Impl::ReadBody(Parser& parser, Sink sink, HttpResponse& response) {
  const bool other = sink && response.status != 200;
  if (other) sink = nullptr;
  std::vector<char> piece(sink ? kStreamPiece : kSendPiece);
  parser.eager(true);  // fills the piece with many chunks
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    AsioError error = Parse(parser);
    const std::string_view read(piece.data(), piece.size() - body.size);
    if (sink && !read.empty() && !(*sink)(read)) break;
    if (error == http::error::need_more) error = ReadMore(parser);
    if (error && error != http::error::need_buffer) return error;
    if (!sink) response.body.append(read);
    if (other && response.body.size() > kMaxOtherBody) {
      response.body.resize(kMaxOtherBody);
      break;
    }
  }
  return {};
}

Result<HttpResponse> HttpClient::Impl::Exchange(const HttpRequest& request, const std::string& head,
                                                Sink sink) {
  touched = false;
  link.set_stage(HttpStage::kRequest);
  const AsioError write_error = link.Write(head, request.body, Until());
  if (write_error && (link.cancelled() || link.timed_out())) {
    return Failure("sending to", write_error);
  }
  // After a failed write the server may still have said why it stopped reading (413).
  std::optional<Parser> parser;
  do {  // past the interim 1xx responses
    StartParser(parser, request.method == "HEAD", sink, options.max_response);
    const Status read = ReadHeader(*parser);
    if (!read.ok()) {
      return write_error && !touched ? Failure("sending to", write_error) : read.error();
    }
  } while (parser->get().result_int() < 200);
  link.set_stage(HttpStage::kAnswer);

  HttpResponse response;
  response.status = static_cast<int>(parser->get().result_int());
  for (const auto& field : parser->get()) {
    response.headers.emplace_back(field.name_string(), field.value());
  }
  const AsioError error = ReadBody(*parser, sink, response);
  if (error) return Failure("reading the response of", error);
  const bool whole = parser->is_done() && parser->keep_alive() && link.received().size() == 0;
  if (write_error || !whole) link.Drop();
  return response;
}

Result<std::string> HttpClient::Impl::Head(const HttpRequest& request) const {
  const std::string host = options.server.HostHeader();
  if (!options.proxy || options.server.tls) {
    return RequestHead(request, host, options.user_agent, "");
  }
  HttpRequest proxied = request;
  if (std::string value = options.proxy->Authorization(); !value.empty()) {
    proxied.headers.emplace_back("Proxy-Authorization", std::move(value));
  }
  return RequestHead(proxied, host, options.user_agent, "http://" + host);
}

Result<HttpResponse> HttpClient::Impl::Send(const HttpRequest& request, const StreamLimits& l,
                                            Sink sink) {
  if (link.cancelled()) return Fail(Code::kCancelled, "sending to " + link.name() + ": cancelled");
  const auto head = Head(request);
  if (!head.ok()) return head.error();
  limits = &l;
  deadline = l.whole == Millis::max() ? SteadyTime::max()
                                      : RealClock().Steady() + SteadyTime::duration(l.whole);
  const bool again = link.KeptIsUsable();
  if (again) {
    auto response = Exchange(request, *head, sink);
    if (response.ok()) return response;
    link.Drop();
    const bool stale = !touched && response.error().code == Code::kUnavailable && !link.cancelled();
    if (!stale) return response;
  }
  TELLTALE_TRY(link.Open(Until(), Allowed()));
  auto response = Exchange(request, *head, sink);
  if (!response.ok()) link.Drop();
  if (response.ok()) response->sent_twice = again;
  return response;
}

HttpClient::HttpClient(HttpClientOptions options) {
  if (!options.proxy) options.proxy = EnvironmentProxyFor(options.server);
  impl_ = std::make_unique<Impl>(std::move(options));
}

HttpClient::~HttpClient() = default;

namespace {

template <class Impl>
Result<HttpResponse> Guarded(Impl& impl, const HttpRequest& request, const StreamLimits& limits,
                             Sink sink) {
  try {
    return impl.Send(request, limits, sink);
  } catch (const std::exception& error) {
    impl.link.Drop();
    return Fail(Code::kInternal, "sending to " + impl.link.name() + ": " + error.what());
  }
}

}  // namespace

Result<HttpResponse> HttpClient::Send(const HttpRequest& request, Millis timeout) {
  return Guarded(*impl_, request, {.whole = timeout, .silence = timeout}, nullptr);
}

Result<HttpResponse> HttpClient::Stream(const HttpRequest& request, const StreamLimits& limits,
                                        FunctionRef<bool(std::string_view)> sink) {
  return Guarded(*impl_, request, limits, &sink);
}

HttpStage HttpClient::stage() const { return impl_->link.stage(); }

std::optional<std::int64_t> HttpClient::certificate_expiry() const {
  return impl_->link.certificate_expiry();
}

void HttpClient::Disconnect() { impl_->link.Drop(); }

void HttpClient::Cancel() { impl_->link.Cancel(); }

}  // namespace telltale
