// SPDX-License-Identifier: Apache-2.0
//
// An API server in memory for tests of the writers: objects by path, a log of the writes, failures
// on demand. It keeps the bodies as they were applied and knows nothing of merging; what a real
// API server makes of our applies is tested in tests/integration. Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/kube/client/transport.h"

namespace telltale {

class FakeApi : public HttpTransport {
 public:
  struct Write {
    std::string method, path, body;
  };

  Result<ApiResponse> Call(const ApiRequest& request) override {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (request.method != "GET") writes.push_back({request.method, path, request.body});
    if (auto failing = fail.find(path); failing != fail.end()) {
      return ApiResponse{failing->second, fail_body};
    }
    if (request.method == "GET") {
      auto found = objects.find(path);
      return found == objects.end() ? ApiResponse{404, "{}"} : ApiResponse{200, found->second};
    }
    if (request.method == "DELETE") {
      return ApiResponse{objects.erase(path) != 0 ? 200 : 404, "{}"};
    }
    objects[path] = request.body;
    return ApiResponse{200, request.body};
  }
  Result<ApiResponse> Stream(const ApiRequest&, FunctionRef<bool(std::string_view)>) override {
    return Fail(Code::kUnavailable, "this fake streams nothing");
  }
  void Cancel() override {}

  std::map<std::string, std::string> objects;  // path -> JSON
  std::map<std::string, int> fail;             // path -> HTTP status of every call
  std::string fail_body = "{}";                // of those
  std::vector<Write> writes;
};

}  // namespace telltale
