// SPDX-License-Identifier: Apache-2.0
//
// PushBuffer: where cpprestsdk puts the body of an answer; part of the fence, included by
// cpprest_transport.cc only. Its functions run on the library's thread.
#pragma once

#include <cpprest/streams.h>

#include <atomic>
#include <ios>
#include <memory>
#include <stdexcept>

#include "operator/kube/client/exchange.h"

namespace telltale {

// Takes the body of an answer. The library reads on only when putn_nocopy is done, so a slow sink
// is felt by the server and not by our memory. putn_nocopy and close replace those of the base
// class, which wait on the library's thread for the library's thread when a write fails.
class PushBuffer final : public concurrency::streams::details::streambuf_state_manager<uint8_t> {
 public:
  explicit PushBuffer(std::shared_ptr<Exchange> exchange)
      : streambuf_state_manager(std::ios_base::out), exchange_(std::move(exchange)) {}

  // The first pieces may come before the continuation that sees the status; they wait for it.
  void HeadKnown() {
    head_known_ = true;
    head_.set();
  }

  pplx::task<std::size_t> putn_nocopy(const uint8_t* bytes, std::size_t count) override {
    return _putn(bytes, count);
  }
  pplx::task<void> close(std::ios_base::openmode) override { return pplx::task_from_result(); }
  pplx::task<void> close(std::ios_base::openmode, std::exception_ptr) override {
    return pplx::task_from_result();
  }

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(traits::eof()); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(traits::eof()); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return pos_type(traits::eof());
  }
  bool acquire(uint8_t*&, std::size_t&) override { return false; }
  void release(uint8_t*, std::size_t) override {}

 protected:
  pplx::task<std::size_t> _putn(const uint8_t* bytes, std::size_t count) override {
    if (head_known_) return Push(bytes, count);
    auto self = std::static_pointer_cast<PushBuffer>(shared_from_this());
    return pplx::create_task(head_).then([self, bytes, count] { return self->Push(bytes, count); });
  }
  pplx::task<int_type> _putc(uint8_t byte) override {
    auto self = std::static_pointer_cast<PushBuffer>(shared_from_this());
    auto copy = std::make_shared<uint8_t>(byte);
    return _putn(copy.get(), 1).then([self, copy](std::size_t) { return int_type{*copy}; });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

  pplx::task<int_type> _bumpc() override { return NoInput(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return NoInput(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return NoInput(); }
  pplx::task<int_type> _ungetc() override { return NoInput(); }
  pplx::task<std::size_t> _getn(uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(uint8_t*, std::size_t) override { return 0; }

 private:
  static pplx::task<int_type> NoInput() { return pplx::task_from_result(int_type{traits::eof()}); }

  // An exception is how the library is told to stop reading; it closes the connection.
  pplx::task<std::size_t> Push(const uint8_t* bytes, std::size_t count) {
    if (exchange_->Piece({reinterpret_cast<const char*>(bytes), count})) {
      return pplx::task_from_result(count);
    }
    return pplx::task_from_exception<std::size_t>(std::runtime_error("no more wanted"));
  }

  const std::shared_ptr<Exchange> exchange_;
  std::atomic<bool> head_known_{false};
  pplx::task_completion_event<void> head_;
};

}  // namespace telltale
