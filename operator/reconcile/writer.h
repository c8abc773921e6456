// SPDX-License-Identifier: Apache-2.0
//
// Writer: makes the API hold what the newest Plan says: the sidecar ConfigMap of each namespace,
// Promtail's ConfigMap, the status of each MonitoringTarget. Level-based: each round compares what
// should be with what the caches say is, and writes only differences by server-side apply. A write
// that fails is tried again with backoff, however often rounds come, and holds up no other one.
// One thread runs Run(); Fire() comes from the planner and the Prometheus poller.
#pragma once

#include <map>
#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/api.h"
#include "operator/plan/status/target_status.h"
#include "operator/reconcile/planner.h"
#include "operator/reconcile/retry_gate.h"

namespace telltale {

struct WriterOptions {
  std::string own_namespace;
  std::string loki_url;
  bool promtail = true;  // keep the ConfigMap telltale-promtail
};

class Writer {
 public:
  Writer(WriterOptions options, Api& api, const Caches& caches, const Published<Plan>& plan,
         const Published<PrometheusView>& view, Registry& registry, Clock& clock = RealClock());

  void Fire() { trigger_.Fire(); }
  void Run();
  void Stop() { trigger_.Stop(); }

  // One round; true when every write that was tried succeeded.
  bool WriteOnce();

 private:
  bool WriteSidecarConfigs(const Plan& plan);
  bool WritePromtailConfig(const Plan& plan);
  bool WriteStatuses(const Plan& plan, const PrometheusView& view);
  bool Report(std::string_view kind, const std::string& object, const Status& status);
  std::chrono::milliseconds UntilNextRound() const;

  const WriterOptions options_;
  Api& api_;
  const Caches& caches_;
  const Published<Plan>& plan_;
  const Published<PrometheusView>& view_;
  Clock& clock_;
  Trigger trigger_;
  RetryGate gate_;
  Registry& registry_;
  std::string promtail_written_;  // its hash: this ConfigMap is not watched
  SteadyTime resync_at_;          // when promtail_written_ is no longer believed
};

}  // namespace telltale
