// SPDX-License-Identifier: Apache-2.0
//
// Servers to poll: one that answers by path, over HTTP or TLS, with an authority of the test.
#pragma once

#include <gtest/gtest.h>

#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/net/http/http_server.h"
#include "common/net/tls/tls.h"
#include "sidecar/config/collectors_config.h"
#include "tests/unit/common/net/http/http_client_fixture.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {

class PollServers : public ::testing::Test {
 protected:
  // Its authority is in the file ca.crt.
  void SetUp() override {
    auto made = MakeAuthority("telltale test", now_, 10 * 86'400);
    ASSERT_TRUE(made.ok());
    authority_ = *made;
    folder_.Write("ca.crt", authority_.certificate);
  }

  // A server for `handler`; with `lifetime`, over TLS with a certificate that expires then.
  std::uint16_t Serve(HttpHandler handler, std::int64_t lifetime = 0) {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    if (lifetime != 0) {
      options.tls = *MakeServerCertificate(authority_, {"localhost"}, now_, lifetime);
    }
    servers_.push_back(std::make_unique<HttpServer>(std::move(options), std::move(handler)));
    EXPECT_TRUE(servers_.back()->Start().ok());
    return servers_.back()->port();
  }

  static HttpPollConfig Poll(const std::string& url) {
    HttpPollConfig config;
    config.url = url;
    config.timeout_ms = 20'000;
    return config;
  }
  static std::string Http(std::uint16_t port, const std::string& path = "/") {
    return "http://localhost:" + std::to_string(port) + path;
  }
  HttpPollConfig TlsPoll(std::uint16_t port, const std::string& path = "/") {
    auto config = Poll("https://localhost:" + std::to_string(port) + path);
    config.access.ca_file = folder_ / "ca.crt";
    return config;
  }

  const std::int64_t now_ = static_cast<std::int64_t>(std::time(nullptr));
  TempFolder folder_;
  KeyPair authority_;
  std::vector<std::unique_ptr<HttpServer>> servers_;
};

inline HttpResponse Redirect(const std::string& location) {
  HttpResponse response = TextResponse(302, "elsewhere");
  response.headers.emplace_back("Location", location);
  return response;
}

}  // namespace telltale
