// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server on loopback that stands for Promtail or Loki: keeps what it was sent and answers
// as told. Thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "common/net/http/http_server.h"

namespace telltale {

class FakePromtail {
 public:
  explicit FakePromtail(int status = 200) : status_(status) {
    const Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started.error().message;
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  void Answer(int status, std::string body = {}) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // False when they do not come within 10 s.
  bool WaitFor(std::size_t count) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(10),
                             [&] { return requests_.size() >= count; });
  }

 private:
  HttpResponse Handle(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    arrived_.notify_all();
    return TextResponse(status_, body_);
  }
  static HttpServerOptions Options() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  int status_;
  std::string body_;
  std::vector<HttpRequest> requests_;
  HttpServer server_{Options(), [this](const HttpRequest& r) { return Handle(r); }};
};

}  // namespace telltale
