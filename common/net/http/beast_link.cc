// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/beast_link.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <cerrno>

#include "common/base/strings.h"
#include "common/net/http/dead_peer.h"
#include "common/net/tls/tls_context.h"

namespace telltale {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

// The peer answered a ClientHello with something else, such as "HTTP/1.1 400 Bad Request".
bool SpeaksNoTls(const Link::AsioError& error) {
  if (error.category() != asio::error::get_ssl_category()) return false;
  const std::string message = error.message();
  for (const char* part : {"wrong version number", "unknown protocol", "packet length too long",
                           "http request", "record layer failure"}) {
    if (message.find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

Link::Link(const HttpClientOptions& options)
    : options_(options), name_(JoinHostPort(options.server.host, options.server.port)) {
  if (const auto* shared = std::get_if<TlsContext>(&options.tls.identity)) tls_ = *shared;
}

std::string Link::ProxyName() const {
  const HttpProxy& proxy = *options_.proxy;
  return "the proxy " + JoinHostPort(proxy.host, proxy.port) +
         (proxy.from.empty() ? "" : " of " + proxy.from);
}

void Link::CloseSocket() {
  AsioError ignored;
  if (connection_) connection_->socket.close(ignored);
}

void Link::Cancel() {
  cancelled_ = true;
  asio::post(io_, [this] { CloseSocket(); });
  MutexLock lock(lookup_mutex_);
  if (lookup_) lookup_->Interrupt();
}

Error Link::Failure(std::string_view doing, AsioError error,
                    std::chrono::milliseconds allowed) const {
  std::string message(doing);
  message.append(" ").append(name_).append(": ");
  if (cancelled_) return Fail(Code::kCancelled, message.append("cancelled"));
  if (timed_out_) {
    return Fail(
        Code::kTimeout,
        message.append("no answer within ").append(std::to_string(allowed.count())) + " ms");
  }
  if (error == http::error::body_limit || error == http::error::header_limit ||
      error == http::error::buffer_overflow) {
    return Fail(Code::kTooLarge, message.append("the response is larger than ")
                                     .append(std::to_string(options_.max_response))
                                     .append(" bytes"));
  }
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return Fail(Code::kUnavailable, message.append("the server closed the connection"));
  }
  return Fail(Code::kUnavailable, message.append(error.message()));
}

Result<std::vector<std::string>> Link::Lookup(const std::string& host, SteadyTime until) {
  std::shared_ptr<HostLookup> current;
  {
    MutexLock lock(lookup_mutex_);
    // One that an earlier call gave up waiting for is waited for again, not doubled.
    if (!lookup_) lookup_ = HostLookup::Start(host);
    current = lookup_;
    if (cancelled_) current->Interrupt();
  }
  auto addresses = current->Wait(until);
  if (addresses.ok() || addresses.error().code != Code::kTimeout) {
    MutexLock lock(lookup_mutex_);
    lookup_.reset();
  }
  return addresses;
}

Status Link::Open(SteadyTime deadline, std::chrono::milliseconds allowed) {
  Status opened = Connect(deadline);
  if (opened.ok() && options_.server.tls) {
    if (options_.proxy) opened = Tunnel(deadline, allowed);
    if (opened.ok()) opened = Handshake(deadline, allowed);
  }
  if (!opened.ok()) Drop();
  return opened;
}

// Tries every address. Each gets an equal part of the time that is left, so that one that does not
// answer cannot use up all of it.
Status Link::Connect(SteadyTime deadline) {
  const std::string host = options_.proxy ? options_.proxy->host : options_.server.host;
  const std::uint16_t port = options_.proxy ? options_.proxy->port : options_.server.port;
  const std::string doing = "connecting to " + (options_.proxy ? ProxyName() : name_);
  const SteadyTime limit =
      std::min(deadline, RealClock().Steady() + SteadyTime::duration(options_.connect_timeout));
  stage_ = HttpStage::kLookup;
  const auto addresses = Lookup(host, limit);
  if (!addresses.ok()) return Context(doing, addresses.error());
  stage_ = HttpStage::kConnect;
  Error last = Fail(Code::kUnavailable, doing + ": no address");
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    AsioError error;
    const auto address = asio::ip::make_address((*addresses)[i], error);
    if (error) continue;
    const SteadyTime now = RealClock().Steady();
    const auto part = (limit - now) / static_cast<std::int64_t>(addresses->size() - i);
    connection_ = std::make_unique<Connection>(io_);
    error = Await(now + part,
                  [&](auto done) { connection_->socket.async_connect({address, port}, done); });
    if (!error) {
      AsioError ignored;
      connection_->socket.set_option(tcp::no_delay(true), ignored);
      NoticeDeadPeer(connection_->socket.native_handle());
      return {};
    }
    if (cancelled_) return Fail(Code::kCancelled, doing + ": cancelled");
    last = timed_out_ ? Fail(Code::kTimeout, doing + ": no answer in time")
                      : Fail(Code::kUnavailable, doing + ": " + error.message());
  }
  return last;
}

// CONNECT of RFC 9110 §9.3.6.
Status Link::Tunnel(SteadyTime deadline, std::chrono::milliseconds allowed) {
  stage_ = HttpStage::kProxy;
  std::string request = "CONNECT " + name_ + " HTTP/1.1\r\nHost: " + name_ + "\r\n";
  if (const std::string value = options_.proxy->Authorization(); !value.empty()) {
    request += "Proxy-Authorization: " + value + "\r\n";
  }
  request += "\r\n";
  http::response_parser<http::empty_body> parser;
  parser.skip(true);
  parser.header_limit(kMaxHeader);
  AsioError error = Write(request, "", deadline);
  while (!error && !parser.is_header_done()) {
    error = ReadSome(deadline);
    if (error) break;
    received().consume(parser.put(received().data(), error));
    if (error == http::error::need_more) error = {};
  }
  const std::string doing = "asking " + ProxyName() + " for";
  if (error) return Failure(doing, error, allowed);
  if (parser.get().result_int() / 100 == 2) return {};
  const unsigned status = parser.get().result_int();
  std::string refusal = doing + " " + name_ + ": it refused with HTTP " + std::to_string(status);
  if (status == 407) {
    refusal += options_.proxy->Authorization().empty()
                   ? ": it wants a user name and a password"
                   : ": it does not know this user and password";
  }
  return Fail(Code::kUnavailable, std::move(refusal));
}

Status Link::Handshake(SteadyTime deadline, std::chrono::milliseconds allowed) {
  stage_ = HttpStage::kTls;
  const TlsClientOptions& tls = options_.tls;
  if (!tls_) {
    auto context =
        MakeClientTlsContext(std::get<TlsIdentity>(tls.identity), tls.insecure_skip_verify);
    if (!context.ok()) return Context("connecting to " + name_, context.error());
    tls_ = *std::move(context);
  }
  SSL_CTX_up_ref(tls_.get());
  asio::ssl::context context(tls_.get());  // owns that reference; the stream has its own
  auto& stream = connection_->tls.emplace(connection_->socket, context);
  WatchExpiry(stream.native_handle(), &certificate_expiry_);
  if (!tls.insecure_skip_verify || !tls.server_name.empty()) {
    const std::string& host = tls.server_name.empty() ? options_.server.host : tls.server_name;
    TELLTALE_TRY(ExpectServer(stream.native_handle(), host));
  }
  const AsioError error = Await(
      deadline, [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
  if (!error) return {};
  if (!cancelled_ && !timed_out_ && !tls.insecure_skip_verify) {
    const std::string problem = CertificateProblem(stream.native_handle());
    if (!problem.empty()) {
      return Fail(Code::kUnavailable,
                  "TLS with " + name_ + ": the server's certificate is not accepted: " + problem);
    }
  }
  if (SpeaksNoTls(error)) {
    return Fail(Code::kUnavailable,
                "TLS with " + name_ + ": it does not speak TLS: is the URL http://?");
  }
  return Failure("TLS with", error, allowed);
}

bool Link::GotTlsRecord() const {
  constexpr std::string_view kAlert("\x15\x03"), kHandshake("\x16\x03");
  if (!connection_ || connection_->tls) return false;
  const auto data = connection_->received.data();
  const std::string_view bytes(static_cast<const char*>(data.data()), data.size());
  return bytes.starts_with(kAlert) || bytes.starts_with(kHandshake);
}

bool Link::KeptIsUsable() const {
  if (!connection_ || !connection_->socket.is_open()) return false;
  char byte;
  const int socket = const_cast<tcp::socket&>(connection_->socket).native_handle();
  const ssize_t size = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (size < 0) return errno == EAGAIN;  // the same number as EWOULDBLOCK
  return size > 0 && connection_->tls;
}

bool Link::Drained() const {
  int waiting = 0;
  const int socket = const_cast<tcp::socket&>(connection_->socket).native_handle();
  return ioctl(socket, FIONREAD, &waiting) == 0 && waiting == 0;
}

Link::AsioError Link::Write(std::string_view head, std::string_view body, SteadyTime until) {
  const std::array<asio::const_buffer, 2> bytes{asio::buffer(head.data(), head.size()),
                                                asio::buffer(body.data(), body.size())};
  return Await(until, [&](auto done) {
    if (connection_->tls) {
      asio::async_write(*connection_->tls, bytes, done);
    } else {
      asio::async_write(connection_->socket, bytes, done);
    }
  });
}

Link::AsioError Link::ReadSome(SteadyTime until) {
  auto& buffer = connection_->received;
  const std::size_t room = std::min(kReadSize, buffer.max_size() - buffer.size());
  if (room == 0) return http::error::buffer_overflow;
  const auto space = buffer.prepare(room);
  const AsioError error = Await(until, [&](auto done) {
    if (connection_->tls) {
      connection_->tls->async_read_some(space, done);
    } else {
      connection_->socket.async_read_some(space, done);
    }
  });
  if (!error) buffer.commit(bytes_);
  return error;
}

}  // namespace telltale
