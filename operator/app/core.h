// SPDX-License-Identifier: Apache-2.0
//
// Core: what the operator is without a network of its own. It joins the reflectors, the index, the
// publisher, the controllers, the elector and the event recorder over three transports and a clock.
// App gives it real ones and threads; the fault plans (tests/faults) give it a fake API server and
// a simulated clock, and drive the same parts step by step.
//
//   reflectors -> ClusterIndex -> Publisher -> Document               on every replica
//                              -> Controllers -> writes, events       on the leader
//
// Threads: Start makes one per reflector, one each for the publisher, the leadership and the
// events, and the controllers' workers while this replica leads. Whoever does not call Start calls
// the steps, from one thread. The readers (document, Selecting, IsLeader) are for any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/api.h"
#include "operator/kube/events/event_recorder.h"
#include "operator/kube/leader/leader_elector.h"
#include "operator/kube/watch/reflector.h"
#include "operator/plan/configs/sidecar_config.h"
#include "operator/plan/injection/sidecar_patch.h"
#include "operator/reconcile/config_map_cache.h"
#include "operator/reconcile/config_outcomes.h"
#include "operator/reconcile/controller/controller.h"
#include "operator/reconcile/promtail_reconciler.h"
#include "operator/reconcile/publish/publisher.h"
#include "operator/reconcile/scrape_jobs_reconciler.h"
#include "operator/reconcile/sidecar_config_reconciler.h"
#include "operator/reconcile/status_reconciler.h"
#include "operator/serve/node_logs.h"
#include "operator/store/cluster_index.h"
#include "operator/store/document.h"
#include "operator/store/limit_range_cache.h"

namespace telltale {

struct CoreOptions {
  std::string ns;  // our own
  std::set<std::string> trusted_namespaces;
  std::string cluster = {};  // a label of all targets and streams; empty: there is none
  std::optional<TenantPolicy> tenants = {};  // nothing: every tenant is allowed
  SidecarConfigOptions sidecars;
  bool promtail = true;  // keep its configuration
  PromtailOptions promtail_config;
  ScrapeJobTemplates scrape_jobs = {};  // of metric filters; empty: Prometheus reads none
  bool injects = false;                 // pods are injected: LimitRanges are watched
  bool asks_prometheus = false;         // somebody sets view()
  Installation installation = {};       // for statuses, as far as it does not change
  std::string identity;                 // of this replica, in events and in the Lease
  std::optional<LeaderOptions> leader;  // nothing: this process always writes
  // While it is true nothing is written: another installation does (ReleaseWatch). Empty: never.
  std::function<bool()> yields = {};
  std::function<std::string()> owner = {};  // ReleaseWatch::Owner; empty: there is none
  // The reflectors' (ReflectorOptions): replaced by simulations.
  std::function<void(std::chrono::milliseconds)> wait = {};
  std::function<std::uint64_t()> random = {};
};

// Three, so that a long list does not hold up a write, and neither the lease. May be one in tests.
struct CoreTransports {
  HttpTransport& reads;
  HttpTransport& writes;
  HttpTransport& lease;
};

class Core {
 public:
  Core(CoreOptions options, CoreTransports transports, Registry& registry,
       Clock& clock = RealClock());
  ~Core();

  // Null until every cache that discovery needs is synced.
  std::shared_ptr<const Document> document() const { return document_.Get(); }
  std::shared_ptr<const Document> document(const std::string& name) const {
    return publisher_.OfClass(name);
  }
  std::vector<std::shared_ptr<const MonitoringTarget>> Selecting(const std::string& ns,
                                                                 const Labels& labels) const;
  // What admission must know of a namespace.
  NamespaceRules RulesOf(const std::string& ns) const;
  // What RulesOf says is known.
  bool RulesKnown() const { return !options_.injects || limit_ranges_.synced(); }
  bool IsLeader() const;
  bool Synced() const;  // every cache, those that only writers need too
  ClusterIndex& index() { return index_; }
  NodeLogs& node_logs() { return node_logs_; }
  Api& writes() { return write_api_; }

  // What Prometheus says it scrapes; whoever sets a new view then tells what changed in it.
  Published<PrometheusView>& view() { return view_; }
  void ReportsChanged(const ReportChanges& changes);

  // Called when this replica begins to write; set before Start.
  void OnTerm(std::function<void()> began) { term_began_ = std::move(began); }

  // The steps. Reflectors block and so want threads, also in a simulation.
  const std::vector<std::unique_ptr<Reflector>>& reflectors() const { return reflectors_; }
  Publisher& publisher() { return publisher_; }
  std::vector<Controller*> controllers() {
    return {&status_, &sidecar_configs_, &promtail_, &scrape_jobs_.controller()};
  }
  EventRecorder& events() { return events_; }
  // Becomes leader, or stays it; how long to wait before the next. Nothing is written before the
  // caches are synced: an empty cache would look like a cluster where all is to be removed.
  std::chrono::milliseconds StepLeadership();

  void Start();
  // Ends the writing, then what is to be told of it (at most two seconds and a request), and frees
  // the lease. What is served goes on to change with the cluster.
  void StopWriting();
  // And ends the watches; the last document stays. The transports are cancelled here. Both are
  // called by the thread that called Start.
  void Stop();

 private:
  void AddReflector(ReflectorOptions options, ReflectorSink& sink, Registry& registry);
  void WatchOwn(std::string_view configmap, ReflectorSink& sink, Registry& registry);
  void Connect();
  void WorldChanged();
  void StatusMayDiffer(const std::string& key);
  std::vector<std::string> TargetKeys() const;
  Installation InstallationNow() const;
  void BeginTerm();
  void EndTerm();
  void EndEvents();
  bool Yields() const { return options_.yields && options_.yields(); }
  void RunLeadership();
  void Tell(const StatusTransition& transition);

  const CoreOptions options_;
  CoreTransports transports_;
  Clock& clock_;

  ClusterIndex index_;
  NodeLogs node_logs_;
  LimitRangeCache limit_ranges_;
  ConfigMapCache sidecar_maps_, promtail_maps_;
  ConfigOutcomes outcomes_;
  Published<Document> document_;
  Published<PrometheusView> view_;

  Api write_api_, lease_api_;
  EventRecorder events_;
  std::optional<LeaderElector> elector_;

  RefusedPods refused_pods_;
  StatusReconciler status_reconciler_;
  SidecarConfigReconciler sidecar_reconciler_;
  PromtailReconciler promtail_reconciler_;
  ScrapeJobsReconciler scrape_jobs_;
  Controller status_, sidecar_configs_, promtail_;
  Publisher publisher_;
  std::vector<std::unique_ptr<Reflector>> reflectors_;

  std::function<void()> term_began_;
  std::atomic<bool> leading_{false};  // without an elector: the writing has begun
  bool threaded_ = false;             // set by Start
  bool stopped_ = false;              // set by Stop
  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
  std::jthread events_thread_;
};

}  // namespace telltale
