// SPDX-License-Identifier: Apache-2.0
//
// PrometheusPoller: asks Prometheus every few seconds which of our targets it scrapes and how that
// goes, because a status must say what is and not what should be. Answers are read as a stream
// (50,000 targets with their labels are 100 MB), and big ones are asked for less often: the time
// that polls take stays below a twentieth. One thread runs Run(); Stop is for any thread.
#pragma once

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/http/http_client.h"
#include "common/text/json_reader.h"
#include "operator/plan/status/prometheus_view.h"
#include "operator/reconcile/prometheus/prometheus_answer.h"
#include "operator/reconcile/prometheus/trigger.h"
#include "operator/store/published.h"

namespace telltale {

class PrometheusPoller {
 public:
  // `wanted` (empty: always) says whether anybody wants to know; while it is false Prometheus is
  // not asked and the view is null, so that nobody takes an old one for the present. `changed` is
  // called after each answer that differs from the one before, on the poller's thread.
  PrometheusPoller(Url prometheus, Published<PrometheusView>& view, std::function<bool()> wanted,
                   std::function<void(const ReportChanges&)> changed, Registry& registry,
                   Clock& clock = RealClock());
  void Run();
  void Stop();

  void PollOnce();
  // Until the next poll: at least 5 s, at least 20 times as long as the last one took.
  std::chrono::milliseconds Pause() const;

 private:
  Status AskAll(PrometheusView& view);
  Status Ask(const std::string& target, PrometheusAnswer::Kind kind, PrometheusView& view);

  const std::string path_prefix_;
  HttpClient client_;
  JsonParser parser_;
  Published<PrometheusView>& view_;
  const std::function<bool()> wanted_;
  const std::function<void(const ReportChanges&)> changed_;
  Clock& clock_;
  Trigger trigger_;
  SteadyTime::duration took_{};
  bool was_known_ = true;  // logs the change, not each failure
  Counter& failures_;
  Histogram& duration_;
};

}  // namespace telltale
