// SPDX-License-Identifier: Apache-2.0
//
// Shorthands of the tests of FakeCluster: a cluster on a clock that stands still, and requests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"
#include "tests/fakes/kube/cluster/json_tree.h"

namespace telltale {

inline constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";
inline constexpr const char* kTargets =
    "/apis/telltale.dev/v1alpha1/namespaces/default/monitoringtargets";
inline constexpr const char* kApply = "application/apply-patch+yaml";
inline constexpr const char* kMerge = "application/merge-patch+json";

inline ApiRequest Get(std::string target) {
  ApiRequest request;
  request.target = std::move(target);
  return request;
}

struct TestCluster {
  explicit TestCluster(FakeClusterOptions options = {}) : cluster(options, clock) {}

  ApiResponse Do(const std::string& method, const std::string& target, std::string body = "",
                 std::string type = "application/json") {
    return cluster.Call(
        {.method = method, .target = target, .content_type = type, .body = std::move(body)},
        {.user_agent = "tester/1.0"});
  }
  Json Tree(const std::string& method, const std::string& target, std::string body = "",
            std::string type = "application/json") {
    auto tree = ParseJsonTree(Do(method, target, std::move(body), std::move(type)).body);
    return tree.ok() ? *tree : Json();
  }
  // A server-side apply by `manager`.
  ApiResponse Apply(const std::string& path, const std::string& manager, std::string body,
                    bool force = true) {
    return Do("PATCH", path + "?fieldManager=" + manager + (force ? "&force=true" : ""),
              std::move(body), kApply);
  }
  FakeReply Watch(const std::string& collection, const std::string& query) {
    return cluster.Open(Get(collection + "?watch=1" + (query.empty() ? "" : "&" + query)));
  }

  FakeClock clock;
  FakeCluster cluster;
};

inline std::string MapJson(const std::string& name, const std::string& data) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"("},"data":)" +
         data + "}";
}

inline std::string Version(const Json& object) {
  const Json* metadata = object.Find("metadata");
  return metadata == nullptr ? "" : std::string(metadata->StringOf("resourceVersion"));
}

// What a stream has now, a word for each event: "ADDED a@1003".
inline std::vector<std::string> Drain(FakeReply& reply) {
  std::vector<std::string> out;
  std::string line;
  while (reply.stream->Next(line) == FakeBody::State::kMore) {
    auto event = ParseJsonTree(line);
    line.clear();
    const Json* object = event.ok() ? event->Find("object") : nullptr;
    if (object == nullptr) {
      out.push_back("no event");
      continue;
    }
    std::string word(event->StringOf("type"));
    if (const Json* code = object->Find("code")) {
      word += " " + code->text;
    } else {
      word +=
          " " + std::string(object->Find("metadata")->StringOf("name")) + "@" + Version(*object);
    }
    out.push_back(word);
  }
  return out;
}

inline bool Ended(FakeReply& reply) {
  std::string ignored;
  return reply.stream->Next(ignored) == FakeBody::State::kEnd;
}

}  // namespace telltale
