// SPDX-License-Identifier: Apache-2.0
#include "operator/app/core.h"

#include <utility>

#include "operator/plan/configs/sidecar_config.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTargets = "/apis/telltale.dev/v1alpha1/monitoringtargets";
constexpr milliseconds kUnsynced{100};
constexpr milliseconds kNothingToDo{60'000};
constexpr int kStatusWriters = 4;

// A write begins while the lease was renewed less than its deadline ago, and must have ended when
// another replica may take the lease.
milliseconds WriteTimeout(const CoreOptions& options) {
  const LeaderOptions lease = options.leader.value_or(LeaderOptions());
  return lease.lease - lease.renew_deadline;
}

ApiOptions LeaseApi(const CoreOptions& options) {
  return {.timeout = LeaderElector::RequestTimeout(options.leader.value_or(LeaderOptions()))};
}

std::string ConfigMapsNamed(std::string_view name) {
  return "fieldSelector=metadata.name%3D" + std::string(name);
}

}  // namespace

Core::Core(CoreOptions options, CoreTransports transports, Registry& registry, Clock& clock)
    : options_(std::move(options)),
      transports_(transports),
      clock_(clock),
      index_(options_.trusted_namespaces, clock),
      node_logs_(index_, registry, clock),
      write_api_(transports.writes,
                 {.may_write = [this] { return IsLeader(); }, .timeout = WriteTimeout(options_)},
                 clock),
      lease_api_(transports.lease, LeaseApi(options_), clock),
      events_({.instance = options_.identity}, write_api_, registry, clock, options_.random),
      refused_pods_(write_api_, options_.trusted_namespaces, clock),
      status_reconciler_(
          {.matched = [this](const std::string& key) { return index_.Matched(key); },
           .all_keys = [this] { return TargetKeys(); },
           .view = view_,
           .asks_prometheus = options_.asks_prometheus,
           .trusted_namespaces = options_.trusted_namespaces,
           .config = [this](const std::string& key) { return outcomes_.Of(key); },
           .installation = [this] { return InstallationNow(); },
           .refused = &refused_pods_},
          write_api_, [this](const StatusTransition& turned) { Tell(turned); }, registry, clock),
      sidecar_reconciler_(
          options_.sidecars, [this] { return index_.Snapshot(); }, sidecar_maps_, outcomes_,
          write_api_, [this](const std::string& ns) { sidecar_configs_.queue().Add(ns); }, registry,
          clock, options_.owner),
      promtail_reconciler_(
          options_.ns, options_.promtail_config, [this] { return index_.Snapshot(); },
          promtail_maps_, outcomes_, write_api_, registry, clock, options_.owner),
      scrape_jobs_(
          options_.ns, options_.scrape_jobs, [this] { return index_.Snapshot(); },
          [this] {
            for (const auto& key : TargetKeys()) StatusMayDiffer(key);
          },
          write_api_, registry, clock, options_.owner),
      status_(
          {.name = "monitoringtarget-status",
           .workers = kStatusWriters,
           .all_keys = [this] { return status_reconciler_.AllKeys(); }},
          [this](const std::string& key) { return status_reconciler_.Reconcile(key); }, registry,
          clock),
      sidecar_configs_(
          {.name = "sidecar-config", .all_keys = [this] { return sidecar_reconciler_.AllKeys(); }},
          [this](const std::string& key) { return sidecar_reconciler_.Reconcile(key); }, registry,
          clock),
      promtail_(
          {.name = "promtail-config",
           .all_keys =
               [this] {
                 return options_.promtail ? promtail_reconciler_.AllKeys()
                                          : std::vector<std::string>();
               }},
          [this](const std::string& key) { return promtail_reconciler_.Reconcile(key); }, registry,
          clock),
      publisher_(
          index_, [this] { return index_.synced(); }, document_,
          [this](const std::vector<std::string>& keys) {
            for (const auto& key : keys) StatusMayDiffer(key);
          },
          registry, clock, options_.cluster) {
  if (options_.leader) {
    elector_.emplace(*options_.leader, lease_api_, registry, clock, options_.random);
    elector_->OnStarted([this] { BeginTerm(); });
    elector_->OnStopped([this] { EndTerm(); });
  }
  if (options_.tenants) index_.UseTenants(*options_.tenants);
  index_.UseCluster(options_.cluster);
  Connect();
  AddReflector({.name = "monitoringtargets", .collection = std::string(kTargets), .selector = ""},
               index_.target_sink(), registry);
  AddReflector({.name = "pods", .collection = "/api/v1/pods", .selector = ""}, index_.pod_sink(),
               registry);
  AddReflector({.name = "namespaces", .collection = "/api/v1/namespaces", .selector = ""},
               index_.namespace_sink(), registry);
  if (options_.injects) {
    AddReflector({.name = "limitranges", .collection = "/api/v1/limitranges", .selector = ""},
                 limit_ranges_, registry);
  }
  AddReflector({.name = "sidecar-configmaps",
                .collection = "/api/v1/configmaps",
                .selector = ConfigMapsNamed(kSidecarConfigMap)},
               sidecar_maps_, registry);
  if (options_.promtail) WatchOwn(PromtailReconciler::kKey, promtail_maps_, registry);
  if (scrape_jobs_.enabled()) WatchOwn(kScrapeJobsConfigMap, scrape_jobs_.cache(), registry);
}

Core::~Core() { Stop(); }

void Core::AddReflector(ReflectorOptions options, ReflectorSink& sink, Registry& registry) {
  options.wait = options_.wait;
  options.random = options_.random;
  reflectors_.push_back(
      std::make_unique<Reflector>(std::move(options), transports_.reads, sink, registry, clock_));
}

// A ConfigMap of the operator's namespace.
void Core::WatchOwn(std::string_view configmap, ReflectorSink& sink, Registry& registry) {
  AddReflector({.name = std::string(configmap.substr(configmap.find('-') + 1)) + "-configmap",
                .collection = "/api/v1/namespaces/" + options_.ns + "/configmaps",
                .selector = ConfigMapsNamed(configmap)},
               sink, registry);
}

// Who hears of what. Everything here only marks work: the calls come from the reflectors.
void Core::Connect() {
  index_.OnChange([this] {
    publisher_.Changed();
    node_logs_.Changed();
  });
  using Change = ClusterIndex::Change;
  index_.OnObject([this](ClusterIndex::Kind kind, const std::string& key, Change change) {
    // Also when only the status changed: somebody else may have written it.
    if (kind == ClusterIndex::Kind::kTarget) StatusMayDiffer(key);
    // Of a thousand targets the statuses of some are written in every second.
    if (change == Change::kContent) WorldChanged();
  });
  outcomes_.OnChange([this](const std::string& key) { StatusMayDiffer(key); });
  sidecar_maps_.OnChange([this](const std::string& ns) { sidecar_configs_.queue().Add(ns); });
  promtail_maps_.OnChange(
      [this](const std::string&) { promtail_.queue().Add(PromtailReconciler::kKey); });
}

// The targets or the namespaces changed, on which configurations depend but not on pods.
void Core::WorldChanged() {
  sidecar_configs_.queue().Add(SidecarConfigReconciler::kAll);
  if (options_.promtail) promtail_.queue().Add(PromtailReconciler::kKey);
  scrape_jobs_.Changed();
}

// While pods come and go this is asked for far more often than a status is worth computing: whoever
// must wait waits in the queue, and takes no worker's time to be told so.
void Core::StatusMayDiffer(const std::string& key) {
  const milliseconds wait = status_reconciler_.MustWait(key);
  wait > milliseconds(0) ? status_.queue().AddAfter(key, wait) : status_.queue().Add(key);
}

void Core::ReportsChanged(const ReportChanges& changes) {
  for (const auto& key : TargetsConcerned(changes, index_.Snapshot())) StatusMayDiffer(key);
}

std::vector<std::string> Core::TargetKeys() const {
  std::vector<std::string> keys;
  for (const auto& target : index_.Snapshot().targets) keys.push_back(target->meta.Key());
  return keys;
}

Installation Core::InstallationNow() const {
  Installation now = options_.installation;
  now.own_namespace = options_.ns;
  now.writes_config = true;
  now.promtail = options_.promtail;
  now.filters = scrape_jobs_.enabled();
  now.filters_left_out = scrape_jobs_.LeftOut();
  now.agents_ask = node_logs_.AskedLately();
  return now;
}

std::vector<std::shared_ptr<const MonitoringTarget>> Core::Selecting(const std::string& ns,
                                                                     const Labels& labels) const {
  return index_.Selecting(ns, labels);
}

NamespaceRules Core::RulesOf(const std::string& ns) const {
  return {.limits = limit_ranges_.Of(ns),
          .limits_known = RulesKnown(),
          .opted_out = index_.OptedOut(ns),
          .users_are_assigned = index_.AssignsUsers(ns)};
}

bool Core::IsLeader() const {
  if (Yields()) return false;
  return elector_ ? elector_->IsLeader() : leading_.load();
}

bool Core::Synced() const {
  for (const auto& reflector : reflectors_) {
    if (!reflector->synced()) return false;
  }
  return true;
}

milliseconds Core::StepLeadership() {
  if (!Synced() || Yields()) return kUnsynced;
  if (elector_) return elector_->Step();
  if (!leading_.exchange(true)) BeginTerm();
  return kNothingToDo;
}

void Core::BeginTerm() {
  for (Controller* controller : controllers()) threaded_ ? controller->Start() : controller->Open();
  if (term_began_) term_began_();
}

void Core::EndTerm() {
  for (Controller* controller : controllers()) threaded_ ? controller->Stop() : controller->Close();
  outcomes_.Clear();
  {
    MutexLock lock(mutex_);
    if (!stopping_) return;
  }
  // The lease is not freed yet, so what the controllers told at last can still be written.
  EndEvents();
}

void Core::EndEvents() {
  events_.Stop();
  if (events_thread_.joinable()) events_thread_.join();
}

void Core::RunLeadership() {
  MutexLock lock(mutex_);
  while (!stopping_ && (!Synced() || Yields())) wake_.WaitFor(mutex_, kUnsynced);
  if (stopping_) return;
  lock.Unlock();
  if (elector_) return elector_->Run();
  StepLeadership();
  lock.Lock();
  wake_.Wait(mutex_, [this]() REQUIRES(mutex_) { return stopping_; });
  lock.Unlock();
  EndTerm();
}

void Core::Start() {
  threaded_ = true;
  threads_.emplace_back([this] { publisher_.Run(); });
  events_thread_ = std::jthread([this] { events_.Run(); });
  for (const auto& reflector : reflectors_) {
    threads_.emplace_back([&each = *reflector] { each.Run(); });
  }
  // Last, so that it is the first to end: it writes, with the help of all others.
  threads_.emplace_back([this] { RunLeadership(); });
}

void Core::StopWriting() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    wake_.NotifyAll();
  }
  if (elector_) elector_->Stop();
  // Joins the leadership: the writing ends, then the events, then the lease is free.
  if (!threads_.empty()) threads_.pop_back();
  EndEvents();  // of a replica that did not lead
}

void Core::Stop() {
  if (std::exchange(stopped_, true)) return;
  StopWriting();
  publisher_.Stop();
  for (const auto& reflector : reflectors_) reflector->Stop();
  transports_.reads.Cancel();
  transports_.writes.Cancel();
  transports_.lease.Cancel();
  threads_.clear();
}

void Core::Tell(const StatusTransition& transition) {
  const ObjectMeta& meta = transition.target.meta;
  const ConditionChange& change = transition.change;
  events_.Record({"telltale.dev/v1alpha1", "MonitoringTarget", meta.ns, meta.name, meta.uid},
                 change.status == "False" ? EventType::kWarning : EventType::kNormal, change.reason,
                 change.type, change.message);
}

}  // namespace telltale
