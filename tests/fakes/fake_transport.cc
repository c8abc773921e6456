// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_transport.h"

#include <utility>

namespace telltale {

void FakeTransport::Push(Answer answer) {
  std::lock_guard lock(mutex_);
  script_.push_back(std::move(answer));
  changed_.notify_all();
}

void FakeTransport::Push(std::string body) { Push(Answer{.pieces = {std::move(body)}}); }

std::vector<ApiRequest> FakeTransport::Requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

void FakeTransport::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return idle_ > 0 && script_.empty(); });
}

std::optional<FakeTransport::Answer> FakeTransport::Next(const ApiRequest& request) {
  std::unique_lock lock(mutex_);
  requests_.push_back(request);
  ++idle_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return cancelled_ || !script_.empty(); });
  --idle_;
  if (cancelled_) return std::nullopt;
  Answer answer = std::move(script_.front());
  script_.pop_front();
  return answer;
}

Result<ApiResponse> FakeTransport::Call(const ApiRequest& request) {
  auto answer = Next(request);
  if (!answer) return Fail(Code::kCancelled, "cancelled");
  if (answer->before_end) answer->before_end();
  if (answer->error) return *answer->error;
  ApiResponse response{answer->status, "", answer->retry_after_seconds};
  for (const std::string& piece : answer->pieces) response.body += piece;
  return response;
}

Result<ApiResponse> FakeTransport::Stream(const ApiRequest& request,
                                          FunctionRef<bool(std::string_view)> sink) {
  auto answer = Next(request);
  if (!answer) return Fail(Code::kCancelled, "cancelled");
  ApiResponse response{answer->status, "", answer->retry_after_seconds};
  for (const std::string& piece : answer->pieces) {
    if (answer->status != 200) {
      response.body += piece;
    } else if (!sink(piece)) {
      if (answer->before_end) answer->before_end();
      return response;
    }
  }
  if (answer->before_end) answer->before_end();
  if (answer->error) return *answer->error;
  return response;
}

void FakeTransport::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

}  // namespace telltale
