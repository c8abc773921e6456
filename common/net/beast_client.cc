// SPDX-License-Identifier: Apache-2.0
//
// Blocking on the outside, asynchronous inside: every step is one operation of a private
// io_context, which the calling thread runs until the step is done, the deadline passes or Cancel
// closes the socket. That is the only way to have one deadline over connect, TLS, write and read.
#include <sys/socket.h>

#include <utility>  // before Asio 1.74, which forgets it
//
#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <exception>
#include <mutex>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/net/beast_body.h"
#include "common/net/host_lookup.h"
#include "common/net/http_client.h"
#include "common/net/http_wire.h"
#include "common/net/tls_context.h"

namespace telltale {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using AsioError = boost::system::error_code;

using beast_client::kMaxHeader;
using beast_client::Parser;
using beast_client::ReadBody;
using beast_client::Sink;
using beast_client::StartParser;

struct Connection {
  explicit Connection(asio::io_context& io) : socket(io) {}
  tcp::socket socket;
  std::optional<asio::ssl::stream<tcp::socket&>> tls;
  boost::beast::flat_buffer buffer{kMaxHeader + (16 << 10)};
};

bool IsLimit(AsioError error) {
  return error == http::error::body_limit || error == http::error::header_limit ||
         error == http::error::buffer_overflow;
}

}  // namespace

struct HttpClient::Impl {
  explicit Impl(HttpClientOptions o)
      : options(std::move(o)), name(JoinHostPort(options.server.host, options.server.port)) {}

  Result<HttpResponse> Send(const HttpRequest& request, std::chrono::milliseconds timeout,
                            Sink sink);
  Status Connect();
  Result<std::vector<std::string>> Lookup(SteadyTime until);
  Status Handshake();
  Result<HttpResponse> Exchange(const HttpRequest& request, const std::string& head, Sink sink);
  template <class Wire>
  Result<HttpResponse> ExchangeOn(Wire& wire, const HttpRequest& request, const std::string& head,
                                  Sink sink);
  template <class Wire>
  Status ReadHeader(Wire& wire, Parser& parser);
  template <class Start>
  AsioError Await(SteadyTime until, Start start);
  bool KeptIsUsable();
  void CloseSocket();
  Error Failure(std::string_view doing, AsioError error) const;

  const HttpClientOptions options;
  const std::string name;  // host:port, for messages

  // Owned by the thread that calls Send.
  asio::io_context io{1};
  std::unique_ptr<Connection> connection;
  TlsContext tls;  // made when first needed: plain HTTP costs nothing of OpenSSL
  SteadyTime deadline{};
  std::chrono::milliseconds timeout{};
  bool timed_out = false;  // the last Await ended by its deadline
  bool touched = false;    // a byte of this response was read

  std::atomic<bool> cancelled = false;
  std::mutex lookup_mutex;
  std::shared_ptr<HostLookup> lookup;  // guarded by lookup_mutex; kept while it is under way
};

// Starts one operation and runs the loop until it has completed. It always completes, since at the
// deadline the socket is closed; so the operation may refer to locals of the caller.
template <class Start>
AsioError HttpClient::Impl::Await(SteadyTime until, Start start) {
  timed_out = false;
  if (cancelled) return asio::error::operation_aborted;
  AsioError result;
  bool done = false;
  start([&](AsioError error, auto&&...) {
    result = error;
    done = true;
  });
  io.restart();
  while (!done) {
    if (timed_out) {
      io.run_one();
    } else if (io.run_one_until(until) == 0) {
      timed_out = true;
      CloseSocket();
    }
  }
  if (timed_out && !result) timed_out = false;  // it was finished in the last moment
  return result;
}

void HttpClient::Impl::CloseSocket() {
  AsioError ignored;
  if (connection) connection->socket.close(ignored);
}

Error HttpClient::Impl::Failure(std::string_view doing, AsioError error) const {
  std::string message(doing);
  message.append(" ").append(name).append(": ");
  if (cancelled) return Fail(Code::kCancelled, message.append("cancelled"));
  if (timed_out) {
    return Fail(
        Code::kTimeout,
        message.append("no answer within ").append(std::to_string(timeout.count())) + " ms");
  }
  if (IsLimit(error)) {
    return Fail(Code::kTooLarge, message.append("the response is larger than ")
                                     .append(std::to_string(options.max_response))
                                     .append(" bytes"));
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return Fail(Code::kUnavailable, message.append("the server closed the connection"));
  }
  return Fail(Code::kUnavailable, message.append(error.message()));
}

Result<std::vector<std::string>> HttpClient::Impl::Lookup(SteadyTime until) {
  std::shared_ptr<HostLookup> current;
  {
    const std::lock_guard lock(lookup_mutex);
    // One that an earlier call gave up waiting for is waited for again, not doubled.
    if (!lookup) lookup = HostLookup::Start(options.server.host);
    current = lookup;
    if (cancelled) current->Interrupt();
  }
  auto addresses = current->Wait(until);
  if (addresses.ok() || addresses.error().code != Code::kTimeout) {
    const std::lock_guard lock(lookup_mutex);
    lookup.reset();
  }
  if (!addresses.ok()) return Context("connecting to " + name, addresses.error());
  return addresses;
}

// Tries every address. Each gets an equal part of the time that is left, so that one that does not
// answer cannot use up all of it.
Status HttpClient::Impl::Connect() {
  const SteadyTime limit =
      std::min(deadline, RealClock().Steady() + SteadyTime::duration(options.connect_timeout));
  const auto addresses = Lookup(limit);
  if (!addresses.ok()) return addresses.error();
  Error last = Fail(Code::kUnavailable, "connecting to " + name + ": no address");
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    AsioError error;
    const auto address = asio::ip::make_address((*addresses)[i], error);
    if (error) continue;
    const SteadyTime now = RealClock().Steady();
    const auto part = (limit - now) / static_cast<std::int64_t>(addresses->size() - i);
    connection = std::make_unique<Connection>(io);
    error = Await(now + part, [&](auto done) {
      connection->socket.async_connect({address, options.server.port}, done);
    });
    if (!error) {
      AsioError ignored;
      connection->socket.set_option(tcp::no_delay(true), ignored);
      return options.server.tls ? Handshake() : Status();
    }
    last = timed_out && !cancelled
               ? Fail(Code::kTimeout, "connecting to " + name + ": no answer in time")
               : Failure("connecting to", error);
    if (cancelled) break;
  }
  connection.reset();
  return last;
}

Status HttpClient::Impl::Handshake() {
  if (!tls) {
    auto context = MakeClientTlsContext(options.tls);
    if (!context.ok()) return Context("connecting to " + name, context.error());
    tls = *std::move(context);
  }
  SSL_CTX_up_ref(tls.get());
  asio::ssl::context context(tls.get());  // owns that reference; the stream has its own
  auto& stream = connection->tls.emplace(connection->socket, context);
  if (!options.tls.insecure_skip_verify || !options.tls.server_name.empty()) {
    const std::string& host =
        options.tls.server_name.empty() ? options.server.host : options.tls.server_name;
    TELLTALE_TRY(ExpectServer(stream.native_handle(), host));
  }
  const AsioError error = Await(
      deadline, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
  if (!error) return {};
  if (!cancelled && !timed_out && !options.tls.insecure_skip_verify) {
    const std::string problem = CertificateProblem(stream.native_handle());
    if (!problem.empty()) {
      return Fail(Code::kUnavailable,
                  "TLS with " + name + ": the server's certificate is not accepted: " + problem);
    }
  }
  return Failure("TLS with", error);
}

// A kept connection on which something has arrived between two requests: that is its end, or with
// TLS perhaps only a session ticket.
bool HttpClient::Impl::KeptIsUsable() {
  if (!connection || !connection->socket.is_open()) return false;
  char byte;
  const ssize_t size = recv(connection->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN;  // the same number as EWOULDBLOCK
  return size > 0 && connection->tls;
}

// Sets touched as soon as anything has come.
template <class Wire>
Status HttpClient::Impl::ReadHeader(Wire& wire, Parser& parser) {
  auto& buffer = connection->buffer;
  const AsioError error =
      Await(deadline, [&](auto done) { http::async_read_header(wire, buffer, parser, done); });
  touched = touched || parser.got_some() || buffer.size() > 0;
  if (error) return Failure("reading the response of", error);
  if (parser.get().result_int() == 101) {
    return Fail(Code::kUnavailable, name + " switched to another protocol, which nobody asked for");
  }
  return {};
}

template <class Wire>
Result<HttpResponse> HttpClient::Impl::ExchangeOn(Wire& wire, const HttpRequest& request,
                                                  const std::string& head, Sink sink) {
  const std::array<asio::const_buffer, 2> bytes{asio::buffer(head), asio::buffer(request.body)};
  const AsioError write_error =
      Await(deadline, [&](auto done) { asio::async_write(wire, bytes, done); });
  if (write_error && (cancelled || timed_out)) return Failure("sending to", write_error);
  // After a failed write the server may still have said why it stopped reading (413).
  std::optional<Parser> parser;
  do {  // past the interim 1xx responses
    StartParser(parser, request.method == "HEAD", sink, options.max_response);
    const Status read = ReadHeader(wire, *parser);
    if (!read.ok()) {
      return write_error && !touched ? Failure("sending to", write_error) : read.error();
    }
  } while (parser->get().result_int() < 200);

  HttpResponse response;
  response.status = static_cast<int>(parser->get().result_int());
  for (const auto& field : parser->get()) {
    response.headers.emplace_back(field.name_string(), field.value());
  }
  const AsioError error = ReadBody(wire, connection->buffer, *parser, sink, response,
                                   [&](auto start) { return Await(deadline, start); });
  if (error) return Failure("reading the response of", error);
  const bool whole = parser->is_done() && parser->keep_alive() && connection->buffer.size() == 0;
  if (write_error || !whole) connection.reset();
  return response;
}

Result<HttpResponse> HttpClient::Impl::Exchange(const HttpRequest& request, const std::string& head,
                                                Sink sink) {
  touched = false;
  auto response = connection->tls ? ExchangeOn(*connection->tls, request, head, sink)
                                  : ExchangeOn(connection->socket, request, head, sink);
  if (!response.ok()) connection.reset();
  return response;
}

Result<HttpResponse> HttpClient::Impl::Send(const HttpRequest& request,
                                            std::chrono::milliseconds time, Sink sink) {
  if (cancelled) return Fail(Code::kCancelled, "sending to " + name + ": cancelled");
  const auto head = RequestHead(request, options.server.HostHeader(), options.user_agent);
  if (!head.ok()) return head.error();
  timeout = time;
  deadline = RealClock().Steady() + SteadyTime::duration(time);
  if (KeptIsUsable()) {
    auto response = Exchange(request, *head, sink);
    const bool stale =
        !response.ok() && !touched && response.error().code == Code::kUnavailable && !cancelled;
    if (!stale) return response;
  }
  if (const Status connected = Connect(); !connected.ok()) {
    connection.reset();
    return connected.error();
  }
  return Exchange(request, *head, sink);
}

HttpClient::HttpClient(HttpClientOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() = default;

namespace {

template <class Impl>
Result<HttpResponse> Guarded(Impl& impl, const HttpRequest& request,
                             std::chrono::milliseconds timeout, Sink sink) {
  try {
    return impl.Send(request, timeout, sink);
  } catch (const std::exception& error) {
    impl.connection.reset();
    return Fail(Code::kInternal, "sending to " + impl.name + ": " + error.what());
  }
}

}  // namespace

Result<HttpResponse> HttpClient::Send(const HttpRequest& request,
                                      std::chrono::milliseconds timeout) {
  return Guarded(*impl_, request, timeout, nullptr);
}

Result<HttpResponse> HttpClient::Stream(const HttpRequest& request,
                                        std::chrono::milliseconds timeout,
                                        FunctionRef<bool(std::string_view)> sink) {
  return Guarded(*impl_, request, timeout, &sink);
}

void HttpClient::Cancel() {
  impl_->cancelled = true;
  asio::post(impl_->io, [impl = impl_.get()] { impl->CloseSocket(); });
  const std::lock_guard lock(impl_->lookup_mutex);
  if (impl_->lookup) impl_->lookup->Interrupt();
}

}  // namespace telltale
