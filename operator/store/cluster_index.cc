// SPDX-License-Identifier: Apache-2.0
#include "operator/store/cluster_index.h"

#include <algorithm>

#include "operator/store/index_sinks.h"

namespace telltale {
namespace {

bool OptsOut(const ClusterState& state, std::string_view ns) {
  const auto it = state.namespaces().find(std::string(ns));
  if (it == state.namespaces().end()) return false;
  const std::string* label = FindLabel(it->second->meta.labels, kInjectAnnotation);
  return label && *label == "false";
}

}  // namespace

struct ClusterIndex::Impl {
  Impl(std::set<std::string> trusted, Clock& clock) : core(std::move(trusted), clock) {}

  IndexCore core;
  PodSink pods{core};
  ObjectSink<MonitoringTarget> targets{core};
  ObjectSink<Namespace> namespaces{core};
};

ClusterIndex::ClusterIndex(std::set<std::string> trusted_namespaces, Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(trusted_namespaces), clock)) {}
ClusterIndex::~ClusterIndex() = default;

ReflectorSink& ClusterIndex::pod_sink() { return impl_->pods; }
ReflectorSink& ClusterIndex::target_sink() { return impl_->targets; }
ReflectorSink& ClusterIndex::namespace_sink() { return impl_->namespaces; }

bool ClusterIndex::synced() const {
  return impl_->pods.synced() && impl_->targets.synced() && impl_->namespaces.synced();
}

void ClusterIndex::OnChange(std::function<void()> changed) {
  impl_->core.changed = std::move(changed);
}
void ClusterIndex::OnObject(std::function<void(Kind, const std::string&, Change)> object) {
  impl_->core.object = std::move(object);
}

Changes ClusterIndex::TakeChanges() {
  Changes changes;
  {
    MutexLock lock(impl_->core.mutex);
    changes = impl_->core.state.Take();
  }
  SortChanges(changes);
  return changes;
}

std::optional<MatchedPods> ClusterIndex::Matched(const std::string& key) const {
  MatchedPods matched;
  std::set<std::string_view> opted_out;  // namespaces
  bool sorted = true;                    // as each group is
  {
    MutexLock lock(impl_->core.mutex);
    const TargetEntry* entry = impl_->core.state.FindTarget(key);
    if (!entry) return std::nullopt;
    matched.target = entry->target;
    matched.runs_jobs = entry->runs_jobs;
    sorted = entry->groups.size() <= 1;
    for (const Group* group : entry->groups) {
      matched.held.insert(matched.held.end(), group->pods.begin(), group->pods.end());
      if (group->pods.empty()) continue;
      const std::string_view ns = group->pods.front()->ns();
      if (OptsOut(impl_->core.state, ns)) opted_out.insert(ns);
    }
    // Nobody asks how many have finished where most run.
    constexpr std::size_t kFew = 8;
    if (matched.held.size() <= kFew) matched.finished = impl_->core.state.CountFinished(*entry);
  }
  if (!sorted) {
    std::ranges::sort(matched.held,
                      [](const PodRef& a, const PodRef& b) { return PodBefore(*a, *b); });
  }
  matched.pods.reserve(matched.held.size());
  for (const auto& pod : matched.held) {
    PodView& view = matched.pods.emplace_back(pod->View());
    view.opted_out |= opted_out.contains(view.ns);
  }
  return matched;
}

World ClusterIndex::Snapshot() const {
  World world;
  const IndexCore& core = impl_->core;
  MutexLock lock(core.mutex);
  for (const auto& [key, entry] : core.state.targets()) world.targets.push_back(entry->target);
  for (const auto& [name, ns] : core.state.namespaces()) world.namespaces.push_back(ns);
  world.trusted_namespaces = core.state.trusted();
  return world;
}

std::vector<std::shared_ptr<const MonitoringTarget>> ClusterIndex::Matching(
    const std::string& ns, const Labels& labels) const {
  std::vector<std::shared_ptr<const MonitoringTarget>> matching;
  std::vector<TargetEntry*> found;
  MutexLock lock(impl_->core.mutex);
  impl_->core.state.Evaluate(ns, labels, found);
  for (const TargetEntry* entry : found) matching.push_back(entry->target);
  return matching;
}

std::vector<std::shared_ptr<const MonitoringTarget>> ClusterIndex::Selecting(
    const std::string& ns, const Labels& labels) const {
  auto selecting = Matching(ns, labels);
  std::erase_if(selecting, [](const auto& target) { return !target->WantsSidecar(); });
  return selecting;
}

std::vector<PodRef> ClusterIndex::FinishedPods() const {
  std::vector<PodRef> pods;
  MutexLock lock(impl_->core.mutex);
  const auto& finished = impl_->core.state.finished();
  pods.reserve(finished.size());
  for (const PodRecord* pod : finished) pods.emplace_back(pod);
  return pods;
}

std::shared_ptr<const MonitoringTarget> ClusterIndex::Target(const std::string& key) const {
  MutexLock lock(impl_->core.mutex);
  const TargetEntry* entry = impl_->core.state.FindTarget(key);
  return entry ? entry->target : nullptr;
}

bool ClusterIndex::NamespaceLives(const std::string& ns) const {
  MutexLock lock(impl_->core.mutex);
  const auto& namespaces = impl_->core.state.namespaces();
  const auto it = namespaces.find(ns);
  return it != namespaces.end() && !it->second->meta.deleting;
}

bool ClusterIndex::OptedOut(const std::string& ns) const {
  MutexLock lock(impl_->core.mutex);
  return OptsOut(impl_->core.state, ns);
}

bool ClusterIndex::AssignsUsers(const std::string& ns) const {
  MutexLock lock(impl_->core.mutex);
  const auto& namespaces = impl_->core.state.namespaces();
  const auto it = namespaces.find(ns);
  return it != namespaces.end() &&
         FindLabel(it->second->meta.annotations, kUidRangeAnnotation) != nullptr;
}

void ClusterIndex::UseTenants(TenantPolicy tenants) { impl_->core.tenants = std::move(tenants); }

void ClusterIndex::UseCluster(std::string cluster) { impl_->core.cluster = std::move(cluster); }

const std::set<std::string>& ClusterIndex::trusted_namespaces() const {
  return impl_->core.UnlockedState().trusted();
}

IndexSize ClusterIndex::sizes() const {
  IndexSize size;
  {
    MutexLock lock(impl_->core.mutex);
    size = impl_->core.state.sizes();
  }
  const Interner& interner = impl_->pods.interner();
  size.label_sets = interner.sets();
  size.strings = interner.texts();
  size.shapes = interner.shapes();
  return size;
}

}  // namespace telltale
