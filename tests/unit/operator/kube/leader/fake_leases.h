// SPDX-License-Identifier: Apache-2.0
//
// The Leases of an API server, for electors: GET, POST that refuses a name that exists, PUT that
// refuses an old resourceVersion. Several electors may share one; each has a Line to it, which can
// be cut or lose answers. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "operator/kube/client/transport.h"
#include "operator/kube/leader/lease.h"

namespace telltale {

class FakeLeases {
 public:
  ApiResponse Call(const ApiRequest& request);

  // The Lease at this path, as the server has it; the spec is empty when there is none.
  bool Has(const std::string& path) const { return leases_.contains(path); }
  LeaseSpec Spec(const std::string& path) const;
  void Set(const std::string& path, const LeaseSpec& spec);
  void SetMetadata(const std::string& path, const std::string& key, const std::string& json);
  void Erase(const std::string& path) { leases_.erase(path); }

  // "GET", "PUT", ... in the order they came.
  std::vector<std::string> requests;
  std::string last_body;

 private:
  struct Stored {
    std::map<std::string, std::string> metadata;  // key -> JSON, resourceVersion apart
    int version = 0;
    LeaseSpec spec;
  };
  ApiResponse Answer(int status, const Stored& stored) const;
  std::string Metadata(const Stored& stored) const;

  std::map<std::string, Stored> leases_;
  int version_ = 100;
};

class FakeLine : public HttpTransport {
 public:
  explicit FakeLine(FakeLeases& server) : server_(server) {}

  Result<ApiResponse> Call(const ApiRequest& request) override {
    if (before) before(request);
    if (down) return Fail(Code::kUnavailable, "the line is cut");
    ApiResponse answer = server_.Call(request);
    if (twice) answer = server_.Call(request);
    if (after) after(request);
    if (lose_answers) return Fail(Code::kTimeout, "no answer came");
    return answer;
  }
  Result<ApiResponse> Stream(const ApiRequest&, FunctionRef<bool(std::string_view)>) override {
    return Fail(Code::kUnavailable, "this fake streams nothing");
  }
  void Cancel() override {}

  bool down = false;          // nothing arrives
  bool lose_answers = false;  // it arrives and is done, but nobody hears of it
  bool twice = false;         // HttpClient sends it again
  std::function<void(const ApiRequest&)> before, after;  // time passes, say

 private:
  FakeLeases& server_;
};

}  // namespace telltale
