// SPDX-License-Identifier: Apache-2.0
//
// StatusReconciler: keeps the status of each MonitoringTarget true. The key is namespace/name. It
// computes the status from the index and from what Prometheus said, compares it with the one in the
// API as the cache has it, and writes when they differ: at once when a condition turned or the
// resource itself changed, else at most every five seconds, as counts move with every pod.
//
// Level-based: what it remembers (when it wrote last, and the version it wrote over) only spares
// writes. Called by its Controller's workers; thread-safe for different keys.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operator/kube/client/api.h"
#include "operator/model/world.h"
#include "operator/plan/status/prometheus_view.h"
#include "operator/plan/status/status_compare.h"
#include "operator/plan/status/target_status.h"
#include "operator/reconcile/controller/controller.h"
#include "operator/reconcile/own_writes.h"
#include "operator/reconcile/pace.h"
#include "operator/reconcile/refused_pods.h"
#include "operator/reconcile/write_counter.h"
#include "operator/store/cluster_index.h"
#include "operator/store/published.h"

namespace telltale {

// A condition of a MonitoringTarget turned, and the API has it.
struct StatusTransition {
  const MonitoringTarget& target;
  const ConditionChange& change;  // type, reason, message, old and new status
};

struct StatusSources {
  // The target of a key and its pods; nothing when there is none (ClusterIndex::Matched).
  std::function<std::optional<MatchedPods>(const std::string& key)> matched;
  std::function<std::vector<std::string>()> all_keys;  // of every MonitoringTarget
  const Published<PrometheusView>& view;
  // No status is written before its first view, known or not: a restart must not turn every
  // condition to Unknown and back.
  bool asks_prometheus = false;
  std::set<std::string> trusted_namespaces;
  // The result of writing the configuration of a key; empty if none is written.
  std::function<ConfigState(const std::string& key)> config = {};
  std::function<Installation()> installation = {};  // empty: all is there
  RefusedPods* refused = nullptr;                   // null: nobody looks for them
};

class StatusReconciler {
 public:
  // `turned` (may be empty) hears of the conditions that changed their status and are worth an
  // event (WorthTelling), after the write; it must not block. From the same old status it hears the
  // same, so a restart repeats nothing.
  StatusReconciler(StatusSources sources, Api& api,
                   std::function<void(const StatusTransition&)> turned, Registry& registry,
                   Clock& clock);

  ReconcileResult Reconcile(const std::string& key);
  // How long a Reconcile of this key would only wait; for any thread.
  std::chrono::milliseconds MustWait(const std::string& key) const { return pace_.MustWait(key); }
  // For ControllerOptions::all_keys. What is remembered of other keys is forgotten.
  std::vector<std::string> AllKeys();

 private:
  RefusedPods::Answer RefusalOf(const MatchedPods& matched);
  std::chrono::milliseconds WriteMustWait(const std::string& key, bool urgent) const;
  ReconcileResult Write(const MonitoringTarget& target, const std::string& status,
                        const std::vector<ConditionChange>& changes);

  const StatusSources sources_;
  Api& api_;
  const std::function<void(const StatusTransition&)> turned_;
  Clock& clock_;
  WriteCounter writes_;
  OwnWrites own_writes_;  // by key
  Pace pace_;             // of computing, whether that leads to a write or not
};

// The resources that new reports may concern: those whose targets' reports changed, and those that
// share the sidecars of a namespace where one changed. Pure.
std::vector<std::string> TargetsConcerned(const ReportChanges& changes, const World& world);

}  // namespace telltale
