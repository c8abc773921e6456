// SPDX-License-Identifier: Apache-2.0
//
// Exchange: one request of CpprestTransport, shared between the thread that waits for it and the
// HTTP library's thread that brings the answer. It holds what must outlive an abandoned request,
// keeps the deadlines (the library has only an inactivity timer per client), and makes sure that
// the sink is never called after Wait returned. Knows nothing of the library.
//
// Threads: Head, Piece and Done come from the library, one at a time; Wait from the one caller;
// Cancel from any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "operator/kube/client/transport.h"

namespace telltale {

class Exchange {
 public:
  using Sink = FunctionRef<bool(std::string_view)>;
  using Millis = std::chrono::milliseconds;

  // `sink`, if any, gets the body of a 200; other bodies are collected, up to `max_body`.
  Exchange(std::optional<Sink> sink, std::size_t max_body) : sink_(sink), max_body_(max_body) {}

  // The headers came.
  void Head(int status, int retry_after_seconds);
  // A piece of the body; false when no more is wanted.
  bool Piece(std::string_view bytes);
  // The body came whole, or the connection failed. After Piece returned false the error of the
  // connection, which then was closed by us, means nothing.
  void Done(std::optional<Error> error);
  void Cancel();

  // Until Done, Cancel or the deadline: `limit` is the whole time, or with a sink the longest
  // silence. The transport's errors are kTimeout, kCancelled and kTooLarge with an empty message.
  Result<ApiResponse> Wait(Millis limit);

 private:
  using Time = std::chrono::steady_clock::time_point;
  enum class Ended { kNo, kDone, kEnough, kTooLarge, kCancelled, kTimeout };

  void End(Ended how);
  bool Collect(std::string_view bytes);
  bool Deliver(std::string_view bytes);

  // Held while the sink runs, so that Wait can be sure that it does not.
  std::mutex sink_mutex_;
  const std::optional<Sink> sink_;
  const std::size_t max_body_;

  std::mutex mutex_;  // guards all below; taken inside sink_mutex_
  std::condition_variable changed_;
  ApiResponse response_;
  Ended ended_ = Ended::kNo;
  std::optional<Error> error_;
  bool in_sink_ = false;
  Time last_heard_ = std::chrono::steady_clock::now();
};

}  // namespace telltale
