// SPDX-License-Identifier: Apache-2.0
//
// PrometheusPoller: asks Prometheus every few seconds which of our targets it scrapes and how that
// goes, because a status must say what is and not what should be. Answers are read as a stream
// (50,000 targets with their labels are 100 MB), and big ones are asked for less often: the time
// that polls take stays below a twentieth. One thread runs Run(); Stop is for any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/access/access.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "operator/plan/status/prometheus_view.h"
#include "operator/reconcile/prometheus/prometheus_server.h"
#include "operator/reconcile/prometheus/trigger.h"
#include "operator/store/published.h"

namespace telltale {

struct PrometheusOptions {
  // Of an HA pair, or of shards, more than one: what they say is merged, and of two reports of one
  // target the better one counts.
  std::vector<std::string> urls;
  Access access = {};  // the same for all
};

class PrometheusPoller {
 public:
  // `wanted` (empty: always) says whether anybody wants to know; while it is false Prometheus is
  // not asked and the view is null, so that nobody takes an old one for the present. `changed` is
  // called after each answer that differs from the one before, on the poller's thread.
  // An error if a URL cannot be used.
  static Result<std::unique_ptr<PrometheusPoller>> Make(
      const PrometheusOptions& options, Published<PrometheusView>& view,
      std::function<bool()> wanted, std::function<void(const ReportChanges&)> changed,
      Registry& registry, Clock& clock = RealClock());
  void Run();
  void Stop();

  void PollOnce();
  // Until the next poll: at least 5 s, at least 20 times as long as the last one took.
  std::chrono::milliseconds Pause() const;

 private:
  PrometheusPoller(const PrometheusOptions& options, Published<PrometheusView>& view,
                   std::function<bool()> wanted, std::function<void(const ReportChanges&)> changed,
                   Registry& registry, Clock& clock);
  Status AskAll(std::shared_ptr<PrometheusView>& view);

  std::vector<std::unique_ptr<PrometheusServer>> servers_;
  Published<PrometheusView>& view_;
  const std::function<bool()> wanted_;
  const std::function<void(const ReportChanges&)> changed_;
  Clock& clock_;
  Trigger trigger_;
  SteadyTime::duration took_{}, lost_{};  // of the last poll, and that of it without an answer
  bool was_known_ = true;                 // logs the change, not each failure
  std::string last_note_;
  Counter& failures_;
  Histogram& duration_;
};

}  // namespace telltale
