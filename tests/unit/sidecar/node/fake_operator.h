// SPDX-License-Identifier: Apache-2.0
//
// An operator on loopback that says which pods a node agent reads, with the ETag that ours sends.
// Thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <string>
#include <vector>

#include "common/base/strings.h"
#include "common/net/http/http_server.h"

namespace telltale {

class FakeOperator {
 public:
  struct Pod {
    std::string name, uid;
    std::string containers = R"("main")";
  };

  FakeOperator() {
    const Status started = server_.Start();
    EXPECT_TRUE(started.ok()) << started.error().message;
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }

  // Pods of the namespace shop, of one target with the given stages.
  void Say(const std::vector<Pod>& pods, const std::string& pipeline = "[]") {
    std::string json = R"({"targets":[{"name":"shop/out","labels":{"team":"web"},"pipeline":)" +
                       pipeline + R"(}],"pods":[)";
    for (const Pod& pod : pods) {
      if (json.back() != '[') json += ',';
      json += R"({"namespace":"shop","name":")" + pod.name + R"(","uid":")" + pod.uid +
              R"(","app":"shop","target":0,"containers":[)" + pod.containers + "]}";
    }
    Answer(200, json + "]}");
  }
  void Answer(int status, std::string body) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    body_ = std::move(body);
  }
  std::vector<HttpRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  HttpResponse Handle(const HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const std::string version = "\"" + HashHex(body_) + "\"";
    const std::string* known = FindHeader(request.headers, "If-None-Match");
    HttpResponse response = TextResponse(status_, body_);
    if (status_ == 200 && known != nullptr && *known == version) response = TextResponse(304, "");
    response.headers.emplace_back("ETag", version);
    return response;
  }
  static HttpServerOptions Options() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  mutable std::mutex mutex_;
  int status_ = 503;
  std::string body_;
  std::vector<HttpRequest> requests_;
  HttpServer server_{Options(), [this](const HttpRequest& r) { return Handle(r); }};
};

}  // namespace telltale
