// SPDX-License-Identifier: Apache-2.0
//
// An API server on loopback that gives a container's log as the kubelet does: filtered by sinceTime
// in whole seconds, and ended at once. Thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/rfc3339.h"
#include "common/net/http/http_server.h"
#include "common/net/http/url.h"
#include "tests/fakes/wait_until.h"

namespace telltale {

inline constexpr std::int64_t kNoon = 1'795'262'400'000'000'000;  // 2026-11-21T12:00:00Z
inline constexpr std::int64_t kSecond = 1'000'000'000;

class FakeLogs {
 public:
  FakeLogs() { EXPECT_TRUE(server_.Start().ok()); }

  Url url() const { return *ParseUrl("http://127.0.0.1:" + std::to_string(server_.port())); }
  void Write(std::int64_t time, const std::string& text) {
    const std::lock_guard lock(mutex_);
    current_.emplace_back(time, text);
  }
  // The container ends and another one begins.
  void Restart() {
    const std::lock_guard lock(mutex_);
    previous_ = std::move(current_);
    current_.clear();
  }
  // The kubelet begins a new file.
  void Rotate() {
    const std::lock_guard lock(mutex_);
    current_.clear();
  }
  void Refuse(int status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
  }
  // The answer's last line comes without its end, as when the connection breaks within it.
  void CutAnswers(bool cut) {
    const std::lock_guard lock(mutex_);
    cut_ = cut;
  }
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  // An answer begun after this call has ended.
  void WaitForAnswers(std::size_t more) const {
    const auto before = requests().size();
    WaitUntil("the container's output is asked for again",
              [&] { return requests().size() >= before + more; });
  }

 private:
  using Lines = std::vector<std::pair<std::int64_t, std::string>>;

  HttpResponse Handle(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    if (status_ != 200) return TextResponse(status_, "no");
    const bool previous = QueryParameter(request.query(), "previous") == "true";
    if (previous && previous_.empty()) return TextResponse(400, "no previous container");
    const auto since = ParseRfc3339(QueryParameter(request.query(), "sinceTime"));
    std::string body;
    for (const auto& [time, text] : previous ? previous_ : current_) {
      if (since && time < *since) continue;
      body += FormatRfc3339(time, 9) + " " + text + "\n";
    }
    if (cut_ && !body.empty()) body.resize(body.size() - 3);
    return TextResponse(200, body);
  }
  static HttpServerOptions Options() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  mutable std::mutex mutex_;
  Lines current_, previous_;
  int status_ = 200;
  bool cut_ = false;
  std::vector<HttpRequest> requests_;
  HttpServer server_{Options(), [this](const HttpRequest& r) { return Handle(r); }};
};

}  // namespace telltale
