// SPDX-License-Identifier: Apache-2.0
//
// HttpTransport: how bytes reach the Kubernetes API server. Implemented by ApiTransport and by
// fakes in tests; called by Api and Reflector. Thread-safe: each call blocks the calling thread. It
// adds the credentials; it retries nothing. A Stream may run for minutes and is ended by Cancel, by
// its sink or by its idle limit.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

struct ApiRequest {
  std::string method = "GET";
  std::string target;        // path and query
  std::string content_type;  // of the body
  std::string body;
  // Call: the whole call. Stream: the longest silence, which its sink may change meanwhile.
  std::chrono::milliseconds timeout{30'000};
};

struct ApiResponse {
  int status = 0;
  std::string body;  // of a Stream: only when the status is not 200, at most 64 KiB
  int retry_after_seconds = 0;
};

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  // Any HTTP status is a success here; errors are of the connection or the deadline.
  virtual Result<ApiResponse> Call(const ApiRequest& request) = 0;

  // Gives the body to `sink` as it arrives, in pieces of any size; the next piece is read only
  // after sink returned (TCP carries the back-pressure). Ends when sink returns false. The sink
  // runs on the calling thread.
  virtual Result<ApiResponse> Stream(const ApiRequest& request,
                                     FunctionRef<bool(std::string_view)> sink) = 0;

  // Every call under way and to come returns kCancelled.
  virtual void Cancel() = 0;
};

}  // namespace telltale
