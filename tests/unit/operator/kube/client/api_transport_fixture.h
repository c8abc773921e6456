// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the transport share: how it is made and asked, and a door between threads.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "operator/kube/client/api_transport.h"
#include "tests/unit/operator/kube/client/raw_server.h"

namespace telltale {

// A door that one thread opens and another waits at.
class Gate {
 public:
  void Open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool Wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

inline std::unique_ptr<HttpTransport> Connect(std::uint16_t port, KubeConfig config = {}) {
  config.server.host = "127.0.0.1";
  config.server.port = port;
  auto transport = MakeApiTransport(std::move(config));
  EXPECT_TRUE(transport.ok());
  return std::move(*transport);
}

inline ApiRequest Get(std::string target,
                      std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
  ApiRequest request;
  request.target = std::move(target);
  request.timeout = timeout;
  return request;
}

struct Streamed {
  Result<ApiResponse> result;
  std::string body;
};

inline Streamed StreamAll(HttpTransport& transport, const ApiRequest& request) {
  std::string body;
  auto result = transport.Stream(request, [&](std::string_view piece) {
    body.append(piece);
    return true;
  });
  return {std::move(result), std::move(body)};
}

}  // namespace telltale
