// SPDX-License-Identifier: Apache-2.0
//
// What a person is told of pushes: metrics of requests, and a sentence in the log when something
// begins, changes or ends, not one for each try. Owned by Sender, under its lock.
#pragma once

#include <cstddef>
#include <cstdint>
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
  struct Sent {
    std::string address;  // of the push
    std::string tenant;   // empty: that of the target
    std::size_t streams = 0;
    std::uint64_t lost = 0;  // lines, by the answer
    SteadyTime::duration took{};
  };

  explicit PushReport(Registry& registry, Clock& clock);

  void Answered(const Sent& sent, const Result<HttpResponse>& response, const PushAnswer& answer);

 private:
  // What was last said about a tenant.
  struct Trouble {
    std::string what;
    SteadyTime since{}, logged{};
  };

  void Count(const Result<HttpResponse>& response);
  void Say(const Sent& sent, const Result<HttpResponse>& response, const PushAnswer& answer);
  void SayGone(const Sent& sent);
  void SayLost(const Sent& sent, const HttpResponse& response, const PushAnswer& answer);
  void SayStreamWaits(const Sent& sent, const HttpResponse& response, const PushAnswer& answer);
  Counter& Requests(const std::string& code);

  Registry& registry_;
  Clock& clock_;
  Histogram& duration_;
  std::map<std::string, Counter*> requests_;  // by code
  std::map<std::string, Trouble> troubles_;   // by tenant; those that last
  SteadyTime refusal_logged_{}, limit_logged_{}, labels_logged_{};
};

}  // namespace telltale
