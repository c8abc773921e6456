// SPDX-License-Identifier: Apache-2.0
//
// Counts and times what goes through a transport, under the names that client-go and
// controller-runtime use, so that their dashboards show this operator too:
//   rest_client_requests_total{code,method,host}          code "<error>" when no answer came
//   rest_client_request_duration_seconds{verb,host}       without streams, as there
// Of a stream the answer is counted when its first piece comes, not when it ends minutes later.
// Thread-safe, as the transport.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/transport.h"

namespace telltale {

class InstrumentedTransport final : public HttpTransport {
 public:
  // `host` is the server's "host:port". The transport and the registry outlive this.
  InstrumentedTransport(HttpTransport& transport, Registry& registry, std::string host,
                        Clock& clock = RealClock());

  Result<ApiResponse> Call(const ApiRequest& request) override;
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override;
  void Cancel() override { transport_.Cancel(); }

 private:
  void Count(const std::string& method, const Result<ApiResponse>& response);
  void Count(const std::string& method, const std::string& code);
  Counter& Requests(const std::string& method, const std::string& code);
  Histogram& Durations(const std::string& method);

  HttpTransport& transport_;
  Registry& registry_;
  const std::string host_;
  Clock& clock_;
  Mutex mutex_;
  // The registry's own lookup would compare all labels each time.
  std::map<std::pair<std::string, std::string>, Counter*> requests_ GUARDED_BY(mutex_);
  std::map<std::string, Histogram*> durations_ GUARDED_BY(mutex_);
};

}  // namespace telltale
