// SPDX-License-Identifier: Apache-2.0
//
// What the tests of HttpClient share: a server that plays its connections from a function.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "common/net/http/http_client.h"
#include "tests/unit/common/net/http/raw_socket.h"

namespace telltale {

inline constexpr std::chrono::seconds kLong{20};

inline HttpClientOptions OptionsFor(std::uint16_t port, const std::string& host = "127.0.0.1") {
  HttpClientOptions options;
  options.server = *ParseUrl("http://" + JoinHostPort(host, port));
  return options;
}

// Plays in a thread of its own.
class Script {
 public:
  explicit Script(std::function<void(RawListener&)> play)
      : thread_([this, play = std::move(play)] { play(listener_); }) {}
  ~Script() { thread_.join(); }
  std::uint16_t port() const { return listener_.port(); }

 private:
  RawListener listener_;
  std::thread thread_;
};

inline std::string Ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace telltale
