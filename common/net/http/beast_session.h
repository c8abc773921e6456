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
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "common/net/http/beast_gather.h"
#include "common/net/http/beast_request.h"
#include "common/net/http/connection_book.h"
#include "common/net/http/http_server.h"
#include "common/net/http/http_wire.h"
#include "common/net/tls/tls_context.h"

namespace telltale {

using PlainStream = boost::beast::tcp_stream;
using TlsStream = boost::asio::ssl::stream<PlainStream>;

template <class Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Args>
  explicit Session(SessionHost& host, std::string peer, Args&&... args)
      : host_(host), stream_(std::forward<Args>(args)...), buffer_(host.options.max_header + 4096) {
    peer_ = std::move(peer);
    from_loopback_ = IsLoopback(Tcp().socket());
    host_.book.Add(this);
  }

  ~Session() override {
    host_.book.Remove(this);
    if (host_.on_room) host_.on_room();
    if (host_.draining && host_.book.open().empty() && host_.on_last_closed) host_.on_last_closed();
  }

  void Run() {
    Begin(State::kHeader, host_.options.read_timeout);
    if constexpr (kTls) {
      stream_.async_handshake(boost::asio::ssl::stream_base::server, Then([this] {
                                Begin(State::kHeader, host_.options.read_timeout);
                                AwaitRequest();
                              }));
    } else {
      AwaitRequest();
    }
  }

  void Drain() override {
    if ((waits_for_request_ && !HasUnread()) || lingers_) Abort();
  }
  void Abort() override { Tcp().close(); }
  // A request may already lie in the socket although its first byte was not read yet.
  bool HasUnread() override {
    ErrorCode ignored;
    return Tcp().socket().available(ignored) != 0;
  }

 private:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;
  using ErrorCode = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

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

  void Begin(State state, std::chrono::milliseconds time) {
    Enter(state, std::chrono::steady_clock::now());
    Tcp().expires_after(time);
  }

  // A completion that goes on with `next` when the operation succeeded, and ends the session else.
  template <class Next>
  auto Then(Next next) {
    return [self = this->shared_from_this(), next](ErrorCode error, std::size_t = 0) {
      if (!error) next();
    };
  }

  // The first byte is waited for apart from the rest: only before it a connection is idle.
  void AwaitRequest() {
    if (buffer_.size() > 0) {  // pipelined
      Begin(State::kHeader, host_.options.read_timeout);
      return ReadRequest();
    }
    waits_for_request_ = true;
    if (served_any_) {
      Begin(State::kResting, host_.options.idle_timeout);
      if (host_.on_room) host_.on_room();
    }
    stream_.async_read_some(buffer_.prepare(512), [self = this->shared_from_this(), this](
                                                      ErrorCode error, std::size_t size) {
      waits_for_request_ = false;
      if (error) return;
      buffer_.commit(size);
      if (served_any_) Begin(State::kHeader, host_.options.read_timeout);
      ReadRequest();
    });
  }

  void ReadRequest() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(host_.options.max_header));
    // HeaderRead sets the limit: it depends on the head.
    parser_->body_limit(std::numeric_limits<std::uint64_t>::max());
    Proceed();
  }

  // Parses what has come, and reads on until the request is whole. Input that is not whole is
  // counted, and for too much of it the slowest goes.
  void Proceed() {
    while (buffer_.size() > 0 && !parser_->is_done()) {
      ErrorCode error;
      const bool had_header = parser_->is_header_done();
      const std::size_t used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error == boost::beast::http::error::need_more) break;
      if (error) return ReadFailed(error);
      if (!had_header && parser_->is_header_done()) return HeaderRead();
      if (used == 0) break;
    }
    if (parser_->is_done()) return Handle();
    host_.book.SetInput(this, buffer_.capacity() + parser_->get().body().size());
    while (Connection* const slow = host_.book.OverInput(this)) slow->Abort();
    ReadMore();
  }

  void ReadMore() {
    const std::size_t room = std::max<std::size_t>(512, buffer_.capacity() - buffer_.size());
    stream_.async_read_some(
        buffer_.prepare(std::min(room, buffer_.max_size() - buffer_.size())),
        [self = this->shared_from_this(), this](ErrorCode error, std::size_t size) {
          if (error) return;  // timeouts, resets and closed connections have no reader
          buffer_.commit(size);
          Proceed();
        });
  }

  void HeaderRead() {
    namespace http = boost::beast::http;
    const auto& message = parser_->get();
    // RFC 9112 §3.2: exactly one Host, so that nobody before us can understand another one.
    if (message.version() >= 11 && message.count(http::field::host) != 1) {
      return Refuse(400, "the request must have one Host header");
    }
    if (parser_->is_done()) return Handle();
    if (host_.options.max_body == 0) {
      unread_input_ = true;
      return Handle();
    }
    max_body_ = MaxBodyOf(parser_->get(), from_loopback_, host_.options);
    if (parser_->content_length().value_or(0) > max_body_)
      return ReadFailed(http::error::body_limit);
    parser_->body_limit(max_body_);
    Begin(State::kBody, host_.options.read_timeout);
    const auto expect = message.find(http::field::expect);
    if (expect == message.end() || message.version() < 11) return Proceed();
    if (!boost::beast::iequals(expect->value(), "100-continue")) {
      return Refuse(417, "the only expectation that is met is 100-continue");
    }
    if (buffer_.size() > 0) return Proceed();  // it did not wait for us
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(stream_, boost::asio::buffer(kContinue.data(), kContinue.size()),
                             Then([this] { Proceed(); }));
  }

  void ReadFailed(ErrorCode error) {
    if (auto refusal = RefusalOf(error, max_body_, host_.options.max_header)) {
      Refuse(refusal->first, std::move(refusal->second));
    }
  }

  // Answers without having read all: the connection cannot be used again.
  void Refuse(int status, std::string why) {
    unread_input_ = true;
    const auto target = parser_->get().target();
    if (host_.options.on_refused) host_.options.on_refused({target.data(), target.size()}, status);
    Write(TextResponse(status, why.append("\n")), /*head_only=*/false, /*keep_alive=*/false);
  }

  void Handle() {
    namespace http = boost::beast::http;
    auto& message = parser_->get();
    auto request = TakeRequest(message);
    if (!request) return Refuse(400, "the request target must be a path");
    const bool keep_alive = message.keep_alive() && !host_.draining && !unread_input_;
    host_.book.SetInput(this, 0);
    request->from_loopback = from_loopback_;
    HttpResponse response = host_.Answer(*request);
    Write(std::move(response), message.method() == http::verb::head, keep_alive);
  }

  void Write(HttpResponse response, bool head_only, bool keep_alive) {
    response_ = std::move(response);
    const int version = static_cast<int>(parser_->get().version());
    head_ = ResponseHead(response_, {version, keep_alive});
    const auto asked = response_.write_timeout;
    const auto most = host_.options.write_timeout;
    Begin(State::kAnswer, asked.count() > 0 ? std::min(asked, most) : most);
    host_.book.SetOutput(this, response_.content_length());
    while (Connection* const slow = host_.book.OverOutput(this)) slow->Abort();
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
                               Enter(State::kAnswer, std::chrono::steady_clock::now());
                               WritePieces({}, keep_alive);
                             }));
  }

  void Written(bool keep_alive) {
    gather_.reset();
    host_.book.SetOutput(this, 0);
    response_ = {};  // an idle connection must not keep the bytes of an old list alive
    head_ = {};
    parser_.reset();
    served_any_ = true;
    if (keep_alive && !host_.draining) return AwaitRequest();
    Finish();
  }

  void Finish() {
    if constexpr (kTls) {
      Begin(State::kResting, kLingerTime);
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
    lingers_ = true;
    Begin(State::kResting, std::min(kLingerTime, host_.options.read_timeout));
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
  std::size_t max_body_ = 0;      // of the request that is being read
  bool from_loopback_ = false;
  bool waits_for_request_ = false;
  bool lingers_ = false;
  bool served_any_ = false;
  bool unread_input_ = false;
};

}  // namespace telltale
