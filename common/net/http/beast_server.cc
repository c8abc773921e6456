// SPDX-License-Identifier: Apache-2.0
#include <utility>  // before Asio 1.74, which forgets it
//
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/check.h"
#include "common/base/clock.h"
#include "common/base/files.h"
#include "common/base/log.h"
#include "common/net/dns/host_lookup.h"
#include "common/net/http/beast_session.h"
#include "common/net/http/beast_waiting.h"
#include "common/net/http/http_server.h"
#include "common/net/http/url.h"

namespace telltale {
namespace {

using boost::asio::ip::tcp;
using AsioError = boost::system::error_code;

// When no descriptor is free, accept fails at once, and the connection stays in the queue: without
// a pause the io thread would do nothing else.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::seconds kAcceptLogEvery{10};
constexpr std::chrono::seconds kLookupTime{10};
// The kernel would keep megabytes for each reader that is slow, or that goes away after the start.
constexpr int kSendBuffer = 256 << 10;

// Where to listen. An empty host is every address: IPv6 that also takes IPv4 first, and IPv4
// alone for machines without IPv6.
Result<std::vector<tcp::endpoint>> Candidates(const std::string& listen) {
  const auto parsed = ParseHostPort(listen);
  if (!parsed.ok()) return Context("listening", parsed.error());
  if (parsed->host.empty()) {
    return std::vector<tcp::endpoint>{{tcp::v6(), parsed->port}, {tcp::v4(), parsed->port}};
  }
  auto addresses = HostLookup::Start(parsed->host)->Wait(RealClock().Steady() + kLookupTime);
  if (!addresses.ok()) return Context("listening on " + listen, addresses.error());
  std::vector<tcp::endpoint> endpoints;
  for (const std::string& text : *addresses) {
    AsioError error;
    const auto address = boost::asio::ip::make_address(text, error);
    if (!error) endpoints.emplace_back(address, parsed->port);
  }
  return endpoints;
}

AsioError Listen(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  AsioError error;
  acceptor.open(endpoint.protocol(), error);
  if (error) return error;
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (endpoint.protocol() == tcp::v6()) {
    const bool any = endpoint.address().is_unspecified();
    acceptor.set_option(boost::asio::ip::v6_only(!any), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(SOMAXCONN, error);
  if (error) {
    AsioError ignored;
    acceptor.close(ignored);
  }
  return error;
}

struct Listener {
  explicit Listener(boost::asio::io_context& io) : acceptor(io), pause(io) {}
  tcp::acceptor acceptor;
  boost::asio::steady_timer pause;  // after a failure
};

// Whether connections to `address` reach the endpoint.
bool Covers(const tcp::endpoint& endpoint, const boost::asio::ip::address& address) {
  if (endpoint.address() == address) return true;
  return endpoint.address().is_unspecified() &&
         (endpoint.protocol() == tcp::v6() || address.is_v4());
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions options, HttpHandler handler)
      : host{options, std::move(handler),
             ConnectionBook(
                 {.max_open = static_cast<std::size_t>(std::max(options.max_connections, 1)),
                  .max_input = options.max_input,
                  .max_output = options.max_output,
                  .slow_header = options.slow_header,
                  .slow_peer = options.slow_peer})} {
    host.on_room = [this] { waiting.RoomMade(); };
  }

  Status Bind();
  void BindLoopback();
  void Accept(Listener& listener);
  void AcceptFailed(Listener& listener, AsioError error);
  void Accepted(tcp::socket socket);
  void Admit(tcp::socket socket, std::string peer);
  void RunLoop();
  void BeginDrain(std::chrono::milliseconds time);

  SessionHost host;

  // Null for plain HTTP, and until the first SetKeyPair.
  TlsContext CurrentTls() {
    MutexLock lock(tls_mutex);
    return tls;
  }

  Mutex tls_mutex;
  TlsContext tls GUARDED_BY(tls_mutex);

  // Used on the io thread once it runs. The context is destroyed first of all that sessions touch.
  boost::asio::io_context io{1};
  std::list<Listener> listeners;
  boost::asio::steady_timer drain_limit{io};
  WaitingRoom waiting{io, host, [this](tcp::socket socket, std::string peer) {
                        Admit(std::move(socket), std::move(peer));
                      }};
  std::chrono::steady_clock::time_point last_accept_log{};

  std::thread thread;
  std::uint16_t port = 0;
};

Status HttpServer::Impl::Bind() {
  listeners.emplace_back(io);
  const auto endpoints = Candidates(host.options.listen);
  if (!endpoints.ok()) return endpoints.error();
  AsioError error;
  for (const tcp::endpoint& endpoint : *endpoints) {
    error = Listen(listeners.front().acceptor, endpoint);
    // Only a missing protocol is a reason to try the next one: a port that is in use on IPv6 must
    // not quietly become a server on IPv4 alone.
    const bool unsupported = error == boost::asio::error::address_family_not_supported ||
                             error == boost::system::errc::address_not_available;
    if (!unsupported) break;
  }
  if (error) return ErrnoError("listening on " + host.options.listen, error.value());
  port = listeners.front().acceptor.local_endpoint(error).port();
  if (host.options.listen_on_loopback) BindLoopback();
  return {};
}

void HttpServer::Impl::BindLoopback() {
  AsioError error;
  const tcp::endpoint bound = listeners.front().acceptor.local_endpoint(error);
  namespace ip = boost::asio::ip;
  for (const ip::address& loopback :
       {ip::address(ip::address_v4::loopback()), ip::address(ip::address_v6::loopback())}) {
    if (Covers(bound, loopback)) continue;
    error = Listen(listeners.emplace_back(io).acceptor, {loopback, port});
    if (!error) continue;
    listeners.pop_back();
    if (loopback.is_v6()) continue;  // a machine may have no IPv6
    LogWarn("cannot listen on the loopback address",
            {{"address", loopback.to_string()}, {"http_port", port}, {"error", error.message()}});
  }
}

void HttpServer::Impl::Accept(Listener& listener) {
  listener.acceptor.async_accept([this, &listener](AsioError error, tcp::socket socket) {
    if (!listener.acceptor.is_open()) return;
    if (error) return AcceptFailed(listener, error);
    Accept(listener);  // first: should the rest run out of memory, the server still accepts
    Accepted(std::move(socket));
  });
}

void HttpServer::Impl::Accepted(tcp::socket socket) {
  AsioError ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(boost::asio::socket_base::send_buffer_size(kSendBuffer), ignored);
  std::string peer = socket.remote_endpoint(ignored).address().to_string();
  waiting.Enter(std::move(socket), std::move(peer));
}

void HttpServer::Impl::AcceptFailed(Listener& listener, AsioError error) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_accept_log >= kAcceptLogEvery) {
    last_accept_log = now;
    LogWarn("cannot accept connections; trying again",
            {{"listen", host.options.listen}, {"error", error.message()}});
  }
  listener.pause.expires_after(kAcceptPause);
  listener.pause.async_wait([this, &listener](AsioError cancelled) {
    if (!cancelled && listener.acceptor.is_open()) Accept(listener);
  });
}

void HttpServer::Impl::Admit(tcp::socket socket, std::string peer) {
  if (!host.options.tls) {
    std::make_shared<Session<PlainStream>>(host, std::move(peer), std::move(socket))->Run();
    return;
  }
  const TlsContext current = CurrentTls();
  SSL_CTX_up_ref(current.get());
  boost::asio::ssl::context context(current.get());  // owns that reference; a session has its own
  std::make_shared<Session<TlsStream>>(host, std::move(peer), std::move(socket), context)->Run();
}

void HttpServer::Impl::RunLoop() {
  for (;;) {
    try {
      io.run();
      return;
    } catch (const std::exception& error) {
      // Out of memory, most likely: the operation that threw is gone, and the others go on.
      LogError("the HTTP server caught an exception", {{"exception", error.what()}});
    }
  }
}

void HttpServer::Impl::BeginDrain(std::chrono::milliseconds time) {
  AsioError ignored;
  for (Listener& listener : listeners) {
    listener.acceptor.close(ignored);
    listener.pause.cancel();
  }
  host.draining = true;
  waiting.Close();
  if (host.book.open().empty()) return;
  host.on_last_closed = [this] { drain_limit.cancel(); };
  drain_limit.expires_after(time);
  drain_limit.async_wait([this](AsioError cancelled) {
    if (cancelled) return;
    for (Connection* connection : host.book.open()) connection->Abort();
  });
  for (Connection* connection : host.book.open()) connection->Drain();
}

HttpServer::HttpServer(HttpServerOptions options, HttpHandler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() { Stop(); }

Status HttpServer::Start() {
  TELLTALE_CHECK(!impl_->thread.joinable());
  try {
    if (impl_->host.options.tls && !impl_->CurrentTls()) {
      TELLTALE_TRY(SetKeyPair(*impl_->host.options.tls));
    }
    TELLTALE_TRY(impl_->Bind());
    for (Listener& listener : impl_->listeners) impl_->Accept(listener);
    impl_->thread = std::thread([impl = impl_.get()] { impl->RunLoop(); });
  } catch (const std::exception& error) {
    return Fail(Code::kInternal,
                "starting the server on " + impl_->host.options.listen + ": " + error.what());
  }
  return {};
}

std::uint16_t HttpServer::port() const { return impl_->port; }

Status HttpServer::SetKeyPair(const KeyPair& pair) {
  if (!impl_->host.options.tls) {
    return Fail(Code::kInvalid, "the server on " + impl_->host.options.listen +
                                    " speaks plain HTTP and takes no certificate");
  }
  auto context = MakeServerTlsContext(pair);
  if (!context.ok()) return context.error();
  MutexLock lock(impl_->tls_mutex);
  impl_->tls = *std::move(context);
  return {};
}

void HttpServer::Stop(std::chrono::milliseconds grace) {
  if (!impl_->thread.joinable()) return;
  TELLTALE_CHECK(impl_->thread.get_id() != std::this_thread::get_id());
  boost::asio::post(impl_->io, [impl = impl_.get(), grace] { impl->BeginDrain(grace); });
  impl_->thread.join();
  impl_->host.on_last_closed = nullptr;
  impl_->host.on_room = nullptr;
}

}  // namespace telltale
