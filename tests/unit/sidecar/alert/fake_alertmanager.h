// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server on loopback that stands for an Alertmanager: keeps what it is sent, and answers as
// `answer` says or, by default, 200. Thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/net/http/http_server.h"

namespace telltale {

class FakeAlertmanager {
 public:
  using Answer = std::function<HttpResponse(const HttpRequest&)>;

  explicit FakeAlertmanager(Answer answer = {}) : answer_(std::move(answer)) {
    const Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started.error().message;
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  void SetAnswer(Answer answer) {
    MutexLock lock(mutex_);
    answer_ = std::move(answer);
  }
  std::vector<HttpRequest> requests() const {
    MutexLock lock(mutex_);
    return requests_;
  }
  // Requests that were answered 2xx.
  std::vector<HttpRequest> taken() const {
    MutexLock lock(mutex_);
    return taken_;
  }
  bool WaitFor(std::size_t count) {
    MutexLock lock(mutex_);
    return arrived_.WaitFor(mutex_, std::chrono::seconds(10),
                            [this, count]() REQUIRES(mutex_) { return requests_.size() >= count; });
  }
  // Until an alert with `text` in it was taken.
  bool WaitForTaken(const std::string& text) {
    MutexLock lock(mutex_);
    return arrived_.WaitFor(mutex_, std::chrono::seconds(10), [this, &text]() REQUIRES(mutex_) {
      for (const HttpRequest& request : taken_) {
        if (request.body.find(text) != std::string::npos) return true;
      }
      return false;
    });
  }

 private:
  HttpResponse Handle(const HttpRequest& request) {
    MutexLock lock(mutex_);
    requests_.push_back(request);
    HttpResponse response = answer_ ? answer_(request) : TextResponse(200, "");
    if (response.status / 100 == 2) taken_.push_back(request);
    arrived_.NotifyAll();
    return response;
  }
  static HttpServerOptions Options() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  mutable Mutex mutex_;
  CondVar arrived_;
  Answer answer_ GUARDED_BY(mutex_);
  std::vector<HttpRequest> requests_ GUARDED_BY(mutex_), taken_ GUARDED_BY(mutex_);
  HttpServer server_{Options(), [this](const HttpRequest& r) { return Handle(r); }};
};

}  // namespace telltale
