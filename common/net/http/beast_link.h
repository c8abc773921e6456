// SPDX-License-Identifier: Apache-2.0
//
// Link: the one connection of an HttpClient, from the name lookup to bytes through TLS, directly or
// through a proxy. Internal to HttpClient; a fence file of Asio.
//
// Blocking on the outside, asynchronous inside: every step is one operation of a private
// io_context, which the calling thread runs until the step is done, its deadline passes or Cancel
// closes the socket. That is the only way to have a deadline over connect, TLS, write and read.
//
// Threads: those of HttpClient: one owns it, Cancel comes from any.
#pragma once

#include <utility>  // before Asio 1.74, which forgets it
//
#include <array>
#include <atomic>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/net/dns/host_lookup.h"
#include "common/net/http/http_client.h"

namespace telltale {

class Link {
 public:
  using AsioError = boost::system::error_code;
  static constexpr std::size_t kMaxHeader = 64 << 10;
  static constexpr std::size_t kReadSize = 64 << 10;

  // `options` outlives it.
  explicit Link(const HttpClientOptions& options);

  // A new connection in place of the old one; stage() says how far it got. `allowed` is the time
  // that the caller has until its deadline, for sentences.
  Status Open(SteadyTime deadline, std::chrono::milliseconds allowed);
  // False also when the peer has said something since the last answer: that is its end, or with
  // TLS perhaps only a session ticket.
  bool KeptIsUsable() const;
  void Drop() { connection_.reset(); }

  AsioError Write(std::string_view head, std::string_view body, SteadyTime until);
  // Waits for bytes, which are added to received().
  AsioError ReadSome(SteadyTime until);
  boost::beast::flat_buffer& received() { return connection_->received; }
  // Nothing has come that was not read.
  bool Drained() const;
  // What was received begins as TLS does (an alert or a handshake), on a connection without TLS.
  bool GotTlsRecord() const;

  // The sentence for an error of the last operation; `allowed` is the time it had.
  Error Failure(std::string_view doing, AsioError error, std::chrono::milliseconds allowed) const;
  bool timed_out() const { return timed_out_; }
  bool cancelled() const { return cancelled_; }
  HttpStage stage() const { return stage_; }
  void set_stage(HttpStage stage) { stage_ = stage; }
  const std::string& name() const { return name_; }
  std::optional<std::int64_t> certificate_expiry() const { return certificate_expiry_; }

  void Cancel();

 private:
  using tcp = boost::asio::ip::tcp;
  struct Connection {
    explicit Connection(boost::asio::io_context& io) : socket(io) {}
    tcp::socket socket;
    std::optional<boost::asio::ssl::stream<tcp::socket&>> tls;
    boost::beast::flat_buffer received{kMaxHeader + kReadSize};
  };

  template <class Start>
  AsioError Await(SteadyTime until, Start start);
  void CloseSocket();
  Result<std::vector<std::string>> Lookup(const std::string& host, SteadyTime until);
  Status Connect(SteadyTime deadline);
  std::string ProxyName() const;
  Status Tunnel(SteadyTime deadline, std::chrono::milliseconds allowed);
  Status Handshake(SteadyTime deadline, std::chrono::milliseconds allowed);

  const HttpClientOptions& options_;
  const std::string name_;  // host:port, for messages

  std::optional<std::int64_t> certificate_expiry_;  // outlives connection_, which writes to it
  // Of the owning thread.
  boost::asio::io_context io_{1};
  std::unique_ptr<Connection> connection_;
  TlsContext tls_;          // the shared one, or made when first needed
  bool timed_out_ = false;  // the last Await ended by its deadline
  std::size_t bytes_ = 0;   // that it moved
  HttpStage stage_ = HttpStage::kLookup;

  std::atomic<bool> cancelled_ = false;
  Mutex lookup_mutex_;
  std::shared_ptr<HostLookup> lookup_ GUARDED_BY(lookup_mutex_);  // kept while it is under way
};

// Starts one operation and runs the loop until it has completed. It always completes, since at the
// deadline the socket is closed; so the operation may refer to locals of the caller.
template <class Start>
Link::AsioError Link::Await(SteadyTime until, Start start) {
  timed_out_ = false;
  if (cancelled_) return boost::asio::error::operation_aborted;
  AsioError result;
  bool done = false;
  start([&](AsioError error, std::size_t bytes = 0) {
    result = error;
    bytes_ = bytes;
    done = true;
  });
  io_.restart();
  while (!done) {
    if (timed_out_) {
      io_.run_one();
    } else if (io_.run_one_until(until) == 0) {
      timed_out_ = true;
      CloseSocket();
    }
  }
  if (timed_out_ && !result) timed_out_ = false;  // it was finished in the last moment
  return result;
}

}  // namespace telltale
