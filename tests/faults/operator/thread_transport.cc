// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/thread_transport.h"

#include <chrono>

namespace telltale::faults {

ThreadTransport::ThreadTransport(FakeCluster& cluster, std::uint64_t seed)
    : cluster_(cluster), random_(seed, "threads") {
  listener_ = cluster_.AddListener([this] {
    std::lock_guard lock(mutex_);
    ++changes_;
    changed_.notify_all();
  });
}

ThreadTransport::~ThreadTransport() { cluster_.RemoveListener(listener_); }

bool ThreadTransport::Unlucky(int once_in) {
  std::lock_guard lock(mutex_);
  return faults_ && random_.Below(static_cast<std::uint64_t>(once_in)) == 0;
}

void ThreadTransport::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  changed_.notify_all();
}

Result<ApiResponse> ThreadTransport::Call(const ApiRequest& request) {
  {
    std::lock_guard lock(mutex_);
    if (cancelled_) return Fail(Code::kCancelled, "cancelled");
  }
  if (Unlucky(10)) return Fail(Code::kUnavailable, "connection refused");
  ApiResponse response = cluster_.Call(request);
  if (Unlucky(10)) return Fail(Code::kUnavailable, "connection reset before the answer");
  return response;
}

Result<ApiResponse> ThreadTransport::Stream(const ApiRequest& request,
                                            FunctionRef<bool(std::string_view)> sink) {
  FakeReply reply = cluster_.Open(request);
  if (reply.stream == nullptr) {
    if (reply.status == 200) sink(reply.body);
    return ApiResponse{reply.status, reply.body, reply.retry_after_seconds};
  }
  for (;;) {
    std::uint64_t before = 0;
    {
      std::lock_guard lock(mutex_);
      if (cancelled_) return Fail(Code::kCancelled, "cancelled");
      before = changes_;
    }
    std::string piece;
    const auto state = reply.stream->Next(piece);
    if (!piece.empty() && !sink(piece)) return ApiResponse{200, "", 0};
    if (state == FakeBody::State::kEnd) return ApiResponse{200, "", 0};
    if (Unlucky(60)) return Fail(Code::kUnavailable, "connection reset");
    if (state == FakeBody::State::kMore) continue;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100),
                      [&] { return cancelled_ || changes_ != before; });
  }
}

}  // namespace telltale::faults
