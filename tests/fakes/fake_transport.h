// SPDX-License-Identifier: Apache-2.0
//
// A HttpTransport that answers from a script, for tests of Reflector and Api. Requests, streams and
// calls alike, take the next answer in order; when the script is used up they block until Cancel,
// as a quiet watch does. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/client/transport.h"

namespace telltale {

class FakeTransport final : public HttpTransport {
 public:
  struct Answer {
    int status = 200;
    // A stream gets them one by one, a call all together.
    std::vector<std::string> pieces = {};
    // Instead of the end of the body: how the connection failed.
    std::optional<Error> error = {};
    int retry_after_seconds = 0;
    // Runs after the last piece that is read and before the end: time passes, say.
    std::function<void()> before_end = {};
  };

  void Push(Answer answer);
  // 200 with this body, in one piece.
  void Push(std::string body);

  // Every request so far, the blocked one too.
  std::vector<ApiRequest> Requests() const;
  // Waits until a request found the script used up: all before it has been worked off.
  void WaitUntilIdle();

  Result<ApiResponse> Call(const ApiRequest& request) override;
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override;
  void Cancel() override;

 private:
  std::optional<Answer> Next(const ApiRequest& request);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Answer> script_;  // all guarded by mutex_
  std::vector<ApiRequest> requests_;
  int idle_ = 0;
  bool cancelled_ = false;
};

}  // namespace telltale
