// SPDX-License-Identifier: Apache-2.0
//
// Asks Prometheus every few seconds which of our targets it scrapes and how that goes, because a
// status must say what is and not what should be. Prometheus's HTTP API: "Querying targets" and
// "Instant queries". One thread runs Run().
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/metrics/registry.h"
#include "common/net/http_client.h"
#include "common/text/json_reader.h"
#include "operator/plan/status/target_status.h"
#include "operator/reconcile/trigger.h"
#include "operator/store/published.h"

namespace telltale {

// The answer of /api/v1/targets?state=active as reports; pure.
Status ParseActiveTargets(JsonParser& parser, std::string_view body, PrometheusView& view);
// The answer of an instant query: "namespace/pod" of each series; pure.
Status ParseLoggingPods(JsonParser& parser, std::string_view body, PrometheusView& view);

class PrometheusPoller {
 public:
  // `changed` is called after each answer, on the poller's thread.
  PrometheusPoller(Url prometheus, Published<PrometheusView>& view, std::function<void()> changed,
                   Registry& registry);
  void Run();
  void Stop();
  void PollOnce();

 private:
  Result<std::string> Get(const std::string& target);

  std::string path_prefix_;
  HttpClient client_;
  JsonParser parser_;
  Published<PrometheusView>& view_;
  std::function<void()> changed_;
  Trigger trigger_;
  bool was_known_ = true;  // logs the change, not each failure
  Counter& failures_;
};

}  // namespace telltale
