// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/exchange.h"

#include <utility>

namespace telltale {

using std::chrono::steady_clock;

void Exchange::Head(int status, int retry_after_seconds) {
  std::lock_guard lock(mutex_);
  response_.status = status;
  response_.retry_after_seconds = retry_after_seconds;
  last_heard_ = steady_clock::now();
}

bool Exchange::Piece(std::string_view bytes) {
  std::lock_guard sink_lock(sink_mutex_);
  bool deliver = false;
  {
    std::lock_guard lock(mutex_);
    if (ended_ != Ended::kNo) return false;
    last_heard_ = steady_clock::now();
    deliver = sink_.has_value() && response_.status == 200;
    in_sink_ = deliver;
  }
  return deliver ? Deliver(bytes) : Collect(bytes);
}

bool Exchange::Deliver(std::string_view bytes) {
  const bool more = (*sink_)(bytes);
  std::lock_guard lock(mutex_);
  in_sink_ = false;
  last_heard_ = steady_clock::now();
  if (!more) End(Ended::kEnough);
  return ended_ == Ended::kNo;
}

bool Exchange::Collect(std::string_view bytes) {
  std::lock_guard lock(mutex_);
  const std::size_t room = max_body_ - response_.body.size();
  response_.body.append(bytes.substr(0, room));
  if (bytes.size() <= room) return true;
  // Of a stream this is the explanation of an error, where the beginning is enough.
  End(sink_.has_value() ? Ended::kEnough : Ended::kTooLarge);
  return false;
}

void Exchange::Done(std::optional<Error> error) {
  std::lock_guard lock(mutex_);
  if (ended_ == Ended::kNo) error_ = std::move(error);
  End(Ended::kDone);
}

void Exchange::Cancel() {
  std::lock_guard lock(mutex_);
  End(Ended::kCancelled);
}

// The first end is the one that counts. Called with mutex_ held.
void Exchange::End(Ended how) {
  if (ended_ == Ended::kNo) ended_ = how;
  changed_.notify_all();
}

Result<ApiResponse> Exchange::Wait(Millis limit) {
  std::unique_lock lock(mutex_);
  const bool stream = sink_.has_value();
  Time deadline = steady_clock::now() + limit;
  while (ended_ == Ended::kNo) {
    changed_.wait_until(lock, deadline);
    const Time now = steady_clock::now();
    // While the sink works it is we who are silent.
    if (stream) deadline = (in_sink_ ? now : last_heard_) + limit;
    if (now >= deadline) End(Ended::kTimeout);
  }
  lock.unlock();
  // A sink at work ends first; that we have ended keeps it from being called again.
  sink_mutex_.lock();
  sink_mutex_.unlock();
  lock.lock();
  switch (ended_) {
    case Ended::kTimeout:
      return Fail(Code::kTimeout, "");
    case Ended::kCancelled:
      return Fail(Code::kCancelled, "");
    case Ended::kTooLarge:
      return Fail(Code::kTooLarge, "");
    default:
      if (error_) return *error_;
      return std::move(response_);
  }
}

}  // namespace telltale
