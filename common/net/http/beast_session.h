// SPDX-License-Identifier: Apache-2.0
//
// One server connection, plain or TLS: reads a request, asks the handler, writes the answer, and
// again. Included by beast_server.cc only; part of its Beast fence.
//
// A session owns itself: every pending operation holds a shared_ptr to it, and there is always at
// most one. Whatever fails simply starts no next operation, and the last reference closes the
// socket. Everything runs on the server's io thread. Each phase has one absolute deadline, so that
// a peer that sends a byte now and then gains no time.
#pragma once

#include <utility>  // before Asio 1.74, which forgets it
//
#include <algorithm>
#include <array>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>

#include "common/base/log.h"
#include "common/net/http/beast_gather.h"
#include "common/net/http/connection_waits.h"
#include "common/net/http/http_server.h"
#include "common/net/http/http_wire.h"
#include "common/net/http/url.h"
#include "common/net/tls/tls_context.h"

namespace telltale {

// What sessions share with their server; outlives them.
struct SessionHost {
  HttpServerOptions options;
  HttpHandler handler;
  bool draining = false;
  std::unordered_set<SessionBase*> open;
  ConnectionWaits waits;
  std::function<void()> on_last_closed;  // while draining
};

using PlainStream = boost::beast::tcp_stream;
using TlsStream = boost::asio::ssl::stream<PlainStream>;

template <class Stream>
class Session final : public SessionBase, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Args>
  explicit Session(SessionHost& host, Args&&... args)
      : host_(host), stream_(std::forward<Args>(args)...), buffer_(host.options.max_header + 4096) {
    ErrorCode ignored;
    wait_ = WaitPlace(this, Tcp().socket().remote_endpoint(ignored).address().to_string());
    host_.open.insert(this);
  }

  ~Session() override {
    wait_.Leave();
    host_.open.erase(this);
    if (host_.draining && host_.open.empty() && host_.on_last_closed) host_.on_last_closed();
  }

  void Run() {
    wait_.Join(host_.waits.asking);
    Deadline(host_.options.read_timeout);
    if constexpr (kTls) {
      stream_.async_handshake(boost::asio::ssl::stream_base::server, Then([this] {
                                Deadline(host_.options.read_timeout);
                                AwaitRequest();
                              }));
    } else {
      AwaitRequest();
    }
  }

  void Drain() override {
    if ((phase_ == Phase::kIdle && NothingCame()) || phase_ == Phase::kLinger) Abort();
  }

  bool Yield() override {
    const bool reads = wait_.IsIn(host_.waits.reading);
    wait_.Leave();
    if (phase_ != Phase::kLinger && !reads && !NothingCame()) return false;
    Abort();
    return true;
  }

  void Abort() override { Tcp().close(); }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class Phase { kIdle, kBusy, kLinger };

  // Up to this size a body is copied behind its head: one packet, one TLS record.
  static constexpr std::size_t kSmallBody = 8 << 10;
  static constexpr std::chrono::milliseconds kLingerTime{2'000};

  PlainStream& Tcp() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // A request may already lie in the socket although its first byte was not read yet.
  bool NothingCame() {
    ErrorCode ignored;
    return Tcp().socket().available(ignored) == 0;
  }

  void Deadline(std::chrono::milliseconds time) { Tcp().expires_after(time); }

  // A completion that goes on with `next` when the operation succeeded, and ends the session else.
  template <class Next>
  auto Then(Next next) {
    return [self = this->shared_from_this(), next](ErrorCode error, std::size_t = 0) {
      if (!error) next();
    };
  }

  // The first byte is waited for apart from the rest: only before it a connection is idle.
  void AwaitRequest() {
    if (buffer_.size() > 0) return ReadHeader();  // pipelined
    phase_ = Phase::kIdle;
    if (served_any_) {
      Deadline(host_.options.idle_timeout);
      wait_.Join(host_.waits.resting);
    }
    stream_.async_read_some(buffer_.prepare(512), [self = this->shared_from_this(), this](
                                                      ErrorCode error, std::size_t size) {
      phase_ = Phase::kBusy;
      if (error) return;
      buffer_.commit(size);
      if (served_any_) {
        Deadline(host_.options.read_timeout);
        wait_.Join(host_.waits.asking);
      }
      ReadHeader();
    });
  }

  void ReadHeader() {
    phase_ = Phase::kBusy;
    if (!wait_.IsIn(host_.waits.asking)) wait_.Join(host_.waits.asking);
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(host_.options.max_header));
    parser_->body_limit(host_.options.max_body);
    boost::beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this(), this](ErrorCode error, std::size_t) {
          error ? ReadFailed(error) : HeaderRead();
        });
  }

  void HeaderRead() {
    namespace http = boost::beast::http;
    const auto& message = parser_->get();
    // RFC 9112 §3.2: exactly one Host, so that nobody before us can understand another one.
    if (message.version() >= 11 && message.count(http::field::host) != 1) {
      return Refuse(400, "the request must have one Host header");
    }
    Deadline(host_.options.read_timeout);
    if (parser_->is_done()) return Handle();
    const auto expect = message.find(http::field::expect);
    if (expect == message.end() || message.version() < 11) return ReadBody();
    if (!boost::beast::iequals(expect->value(), "100-continue")) {
      return Refuse(417, "the only expectation that is met is 100-continue");
    }
    if (buffer_.size() > 0) return ReadBody();  // it did not wait for us
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(stream_, boost::asio::buffer(kContinue.data(), kContinue.size()),
                             Then([this] { ReadBody(); }));
  }

  void ReadBody() {
    boost::beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this(), this](ErrorCode error, std::size_t) {
          error ? ReadFailed(error) : Handle();
        });
  }

  void ReadFailed(ErrorCode error) {
    namespace http = boost::beast::http;
    // Timeouts, resets and closed connections have nobody to answer to.
    static const auto& parse_errors = http::make_error_code(http::error::bad_method).category();
    if (error.category() != parse_errors) return;
    if (error == http::error::end_of_stream || error == http::error::partial_message) return;
    if (error == http::error::body_limit) {
      return Refuse(413,
                    "the body is larger than " + std::to_string(host_.options.max_body) + " bytes");
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return Refuse(
          431, "the header is larger than " + std::to_string(host_.options.max_header) + " bytes");
    }
    Refuse(400, "the request is not HTTP/1.1: " + error.message());
  }

  // Answers without having read all: the connection cannot be used again.
  void Refuse(int status, std::string why) {
    unread_input_ = true;
    Write(TextResponse(status, why.append("\n")), /*head_only=*/false, /*keep_alive=*/false);
  }

  void Handle() {
    namespace http = boost::beast::http;
    auto& message = parser_->get();
    HttpRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    // A client of proxies may send http://host/path; only the path is for us.
    if (request.target.front() != '/' && request.target != "*") {
      auto url = ParseUrl(request.target);
      if (!url.ok()) return Refuse(400, "the request target must be a path");
      request.target = std::move(url->target);
    }
    for (const auto& field : message) {
      request.headers.emplace_back(field.name_string(), field.value());
    }
    request.body = std::move(message.body());
    const bool keep_alive = message.keep_alive() && !host_.draining;
    HttpResponse response = CallHandler(request);
    Write(std::move(response), message.method() == http::verb::head, keep_alive);
  }

  HttpResponse CallHandler(const HttpRequest& request) {
    std::string what = "not a std::exception";
    try {
      return host_.handler(request);
    } catch (const std::exception& error) {
      what = error.what();
    } catch (...) {
    }
    LogError("an HTTP handler threw an exception; the client got a 500",
             {{"method", request.method}, {"path", request.path()}, {"exception", what}});
    return TextResponse(500, "internal error\n");
  }

  void Write(HttpResponse response, bool head_only, bool keep_alive) {
    response_ = std::move(response);
    const int version = static_cast<int>(parser_->get().version());
    head_ = ResponseHead(response_, {version, keep_alive});
    Deadline(host_.options.write_timeout);
    wait_.Join(host_.waits.reading);
    if (response_.pieces && !head_only) {
      gather_.emplace(*response_.pieces);
      return WritePieces(head_, keep_alive);
    }
    std::string_view body = head_only ? std::string_view() : response_.body;
    if (body.size() <= kSmallBody) {
      head_.append(body);
      body = {};
    }
    const std::array<boost::asio::const_buffer, 2> bytes{
        boost::asio::buffer(head_), boost::asio::buffer(body.data(), body.size())};
    boost::asio::async_write(stream_, bytes, Then([this, keep_alive] { Written(keep_alive); }));
  }

  // Sends the next pieces, the first time behind the head, and then the rest.
  void WritePieces(std::string_view head, bool keep_alive) {
    const Gather::Buffers buffers = gather_->Next(head);
    if (buffers.first == buffers.last) return Written(keep_alive);
    boost::asio::async_write(stream_, buffers, Then([this, keep_alive] {
                               if constexpr (!kTls)
                                 gather_->SendNow(Tcp().socket().native_handle());
                               wait_.Join(host_.waits.reading);  // it reads: the wait begins anew
                               WritePieces({}, keep_alive);
                             }));
  }

  void Written(bool keep_alive) {
    gather_.reset();
    response_ = {};  // an idle connection must not keep the bytes of an old list alive
    head_ = {};
    parser_.reset();
    served_any_ = true;
    if (keep_alive && !host_.draining) return AwaitRequest();
    Finish();
  }

  void Finish() {
    if constexpr (kTls) {
      Deadline(kLingerTime);
      ShutdownWithoutReply(stream_.native_handle());
      stream_.async_shutdown([self = this->shared_from_this(), this](ErrorCode) { FinishTcp(); });
    } else {
      FinishTcp();
    }
  }

  // Closing while input is unread resets the connection, and the reset may overtake the answer at
  // the client. So what still comes is read and thrown away for a moment.
  void FinishTcp() {
    ErrorCode ignored;
    Tcp().socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    if (!unread_input_) return;
    phase_ = Phase::kLinger;
    wait_.Join(host_.waits.resting);
    Deadline(std::min(kLingerTime, host_.options.read_timeout));
    Discard();
  }

  void Discard() {
    if (host_.draining) return;
    buffer_.clear();
    Tcp().async_read_some(buffer_.prepare(4096), Then([this] { Discard(); }));
  }

  SessionHost& host_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  HttpResponse response_;  // keeps the bytes alive while they are written
  std::string head_;
  std::optional<Gather> gather_;  // while a body in pieces is written
  WaitPlace wait_;
  Phase phase_ = Phase::kBusy;
  bool served_any_ = false;
  bool unread_input_ = false;
};

}  // namespace telltale
