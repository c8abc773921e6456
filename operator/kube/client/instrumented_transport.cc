// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/instrumented_transport.h"

#include <chrono>

namespace telltale {
namespace {

constexpr const char* kNoAnswer = "<error>";

// What a rate over a time without any would lack: each method with its success and its failure.
constexpr std::pair<const char*, const char*> kUsual[] = {
    {"GET", "200"}, {"PATCH", "200"}, {"PUT", "200"}, {"POST", "201"}, {"DELETE", "200"}};

std::vector<double> Buckets() { return {0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60}; }

}  // namespace

InstrumentedTransport::InstrumentedTransport(HttpTransport& transport, Registry& registry,
                                             std::string host, Clock& clock)
    : transport_(transport), registry_(registry), host_(std::move(host)), clock_(clock) {
  for (const auto& [method, code] : kUsual) {
    Requests(method, code);
    Requests(method, kNoAnswer);
    Durations(method);
  }
}

Result<ApiResponse> InstrumentedTransport::Call(const ApiRequest& request) {
  const SteadyTime start = clock_.Steady();
  auto response = transport_.Call(request);
  Durations(request.method).Observe(std::chrono::duration<double>(clock_.Steady() - start).count());
  Count(request.method, response);
  return response;
}

Result<ApiResponse> InstrumentedTransport::Stream(const ApiRequest& request,
                                                  FunctionRef<bool(std::string_view)> sink) {
  bool counted = false;
  auto response = transport_.Stream(request, [&](std::string_view piece) {
    // Only the body of a 200 comes here.
    if (!counted) Count(request.method, "200");
    counted = true;
    return sink(piece);
  });
  if (!counted) Count(request.method, response);
  return response;
}

void InstrumentedTransport::Count(const std::string& method, const Result<ApiResponse>& response) {
  // A status is what the peer says: anything may be in it, and a series is for ever.
  const bool status = response.ok() && response->status >= 100 && response->status <= 599;
  Count(method, status ? std::to_string(response->status) : kNoAnswer);
}

void InstrumentedTransport::Count(const std::string& method, const std::string& code) {
  Requests(method, code).Add();
}

Counter& InstrumentedTransport::Requests(const std::string& method, const std::string& code) {
  MutexLock lock(mutex_);
  Counter*& counter = requests_[{method, code}];
  if (counter == nullptr) {
    counter = &registry_.AddCounter(
        "rest_client_requests_total",
        "Number of HTTP requests, partitioned by status code, method, and host.",
        {{"code", code}, {"host", host_}, {"method", method}});
  }
  return *counter;
}

Histogram& InstrumentedTransport::Durations(const std::string& method) {
  MutexLock lock(mutex_);
  Histogram*& histogram = durations_[method];
  if (histogram == nullptr) {
    histogram =
        &registry_.AddHistogram("rest_client_request_duration_seconds",
                                "Request latency in seconds. Broken down by verb, and host.",
                                Buckets(), {{"host", host_}, {"verb", method}});
  }
  return *histogram;
}

}  // namespace telltale
