// SPDX-License-Identifier: Apache-2.0
//
// The part of ClusterState about targets and namespaces, and what is marked for the publisher.
#include <algorithm>
#include <utility>

#include "operator/store/cluster_state.h"

namespace telltale {
namespace {

// Below it nobody asks whether the target as a whole would be less.
constexpr std::size_t kManyChanges = 1024;

}  // namespace

bool ClusterState::PutTarget(TargetPtr target) {
  auto& entry = targets_[target->meta.Key()];
  const bool made = !entry;
  if (made) {
    entry = std::make_unique<TargetEntry>();
    entry->key = target->meta.Key();
  }
  const TargetPtr old = std::exchange(entry->target, std::move(target));
  if (old && old->SameSpec(*entry->target)) return false;
  entry->runs_jobs = false;
  anchors_.Remove(entry.get());
  anchors_.Add(entry.get(), trusted_);
  MarkWhole(*entry);
  const std::vector<Group*> before = entry->groups;
  for (Group* group : before) Rematch(*group);
  for (Group* group : postings_.Candidates(*entry->target, trusted_)) {
    ++evaluations_;
    group->labels->ExpandInto(labels_);
    const std::string ns(group->ns->view());
    if (!TargetSelects(*entry->target, ns, labels_, LabelsOf(ns), trusted_)) continue;
    if (Link(*group, *entry)) FindOwner(*group);
  }
  return true;
}

bool ClusterState::RemoveTarget(const std::string& key) {
  const auto it = targets_.find(key);
  if (it == targets_.end()) return false;
  TargetEntry& entry = *it->second;
  anchors_.Remove(&entry);
  MarkWhole(entry);
  for (Group* group : std::vector<Group*>(entry.groups)) {
    Unlink(*group, entry);
    FindOwner(*group);
  }
  std::erase(queued_, &entry);
  targets_.erase(it);
  gone_.insert(key);
  return true;
}

const TargetEntry* ClusterState::FindTarget(const std::string& key) const {
  const auto it = targets_.find(key);
  return it == targets_.end() ? nullptr : it->second.get();
}

bool ClusterState::PutNamespace(NamespacePtr ns) {
  const std::string name = ns->meta.name;
  const Labels before = LabelsOf(name);
  const bool same = before == ns->meta.labels;
  bool dirty = !same && QueueOfFinishedIn(name);
  namespaces_[name] = std::move(ns);
  if (!same) dirty |= RematchNamespace(name);
  return dirty;
}

bool ClusterState::RemoveNamespace(const std::string& name) {
  const auto it = namespaces_.find(name);
  if (it == namespaces_.end()) return false;
  const bool same = it->second->meta.labels.empty();
  bool dirty = !same && QueueOfFinishedIn(name);
  namespaces_.erase(it);
  if (!same) dirty |= RematchNamespace(name);
  return dirty;
}

bool ClusterState::RematchNamespace(const std::string& name) {
  bool dirty = QueueOfFinishedIn(name);
  for (Group* group : postings_.Of(name)) {
    if (group->ns->view() == name) dirty |= Rematch(*group);
  }
  return dirty;
}

void ClusterState::Queue(TargetEntry& target) {
  if (target.queued) return;
  if (queued_.empty() && gone_.empty()) oldest_ = clock_.Steady();
  target.queued = true;
  queued_.push_back(&target);
}

void ClusterState::MarkWhole(TargetEntry& target) {
  Queue(target);
  target.whole = true;
  target.changes = {};
}

void ClusterState::Mark(TargetEntry& target, const Group& group, const PodRef& pod, bool present) {
  Queue(target);
  if (target.whole) return;
  target.changes.push_back({pod, present, present && group.sidecar_owner == &target});
  const std::size_t count = target.changes.size();
  if (count < kManyChanges || (count & (count - 1)) != 0) return;
  // While nobody takes them, changes must not outgrow what they are changes of.
  std::size_t pods = 0;
  for (const Group* of : target.groups) pods += of->pods.size();
  if (count > 2 * pods) MarkWhole(target);
}

Changes ClusterState::Take() {
  Changes taken;
  taken.oldest = oldest_;
  taken.replaced = std::exchange(replaced_, false);
  taken.targets.reserve(queued_.size());
  for (TargetEntry* entry : queued_) {
    TargetChange& change = taken.targets.emplace_back();
    change.key = entry->key;
    change.target = entry->target;
    change.whole = std::exchange(entry->whole, false);
    change.pods = std::exchange(entry->changes, {});
    entry->queued = false;
    gone_.erase(entry->key);
    if (!change.whole) continue;
    for (const Group* group : entry->groups) {
      const bool owner = group->sidecar_owner == entry;
      for (const auto& pod : group->pods) change.pods.push_back({pod, true, owner});
    }
  }
  for (const auto& key : gone_) taken.targets.push_back({key, nullptr, true, {}});
  queued_.clear();
  gone_.clear();
  return taken;
}

IndexSize ClusterState::sizes() const {
  IndexSize size;
  size.pods = pods_.size();
  size.targets = targets_.size();
  size.namespaces = namespaces_.size();
  size.groups = groups_.size();
  size.matches = matches_;
  size.evaluations = evaluations_;
  return size;
}

void SortChanges(Changes& changes) {
  std::ranges::sort(changes.targets, {}, &TargetChange::key);
  for (auto& target : changes.targets) {
    auto& pods = target.pods;
    const auto before = [](const PodChange& a, const PodChange& b) {
      return PodBefore(*a.pod, *b.pod);
    };
    std::ranges::stable_sort(pods, before);
    // Of several changes of one pod the last one counts.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < pods.size(); ++i) {
      if (i + 1 < pods.size() && !before(pods[i], pods[i + 1])) continue;
      if (kept != i) pods[kept] = std::move(pods[i]);
      ++kept;
    }
    pods.resize(kept);
  }
}

}  // namespace telltale
