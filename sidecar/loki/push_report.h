// SPDX-License-Identifier: Apache-2.0
//
// What a person is told of pushes: metrics of requests, and a sentence in the log when something
// begins, changes or ends, not one for each try. Owned by Sender, on its thread.
#pragma once

#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "common/net/http/http.h"
#include "sidecar/loki/push_answer.h"

namespace telltale {

class PushReport {
 public:
  explicit PushReport(Registry& registry, Clock& clock);

  void Answered(const std::string& url, const Result<HttpResponse>& response,
                const PushAnswer& answer, SteadyTime::duration took);

 private:
  void Count(const Result<HttpResponse>& response);
  void Trouble(const std::string& url, const Result<HttpResponse>& response,
               const PushAnswer& answer);
  void Refusal(const std::string& url, const HttpResponse& response, const PushAnswer& answer);
  void StreamLimit(const std::string& url, const HttpResponse& response);
  Counter& Requests(const std::string& code);

  Registry& registry_;
  Clock& clock_;
  Histogram& duration_;
  std::map<std::string, Counter*> requests_;  // by code
  std::string last_trouble_;
  bool in_trouble_ = false;
  SteadyTime trouble_since_{}, trouble_logged_{}, refusal_logged_{}, stream_logged_{};
};

}  // namespace telltale
