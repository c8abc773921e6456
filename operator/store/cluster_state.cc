// SPDX-License-Identifier: Apache-2.0
#include "operator/store/cluster_state.h"

#include <algorithm>
#include <iterator>

#include "operator/model/selection.h"

namespace telltale {
namespace {

auto PlaceOf(Group& group, std::string_view name) {
  return std::ranges::lower_bound(group.pods, name, {},
                                  [](const PodRef& pod) { return pod->name(); });
}

}  // namespace

std::size_t ClusterState::GroupKeyHash::operator()(const GroupKey& key) const {
  return key.labels->hash() ^ (reinterpret_cast<std::size_t>(key.ns) * 0x9E3779B97F4A7C15u);
}

Group* ClusterState::FindGroup(const PodRecord& pod) {
  const auto it = groups_.find({pod.shared_ns().get(), pod.labels().get()});
  return it == groups_.end() ? nullptr : it->second.get();
}

Group& ClusterState::GroupOf(const PodRecord& pod) {
  auto& group = groups_[{pod.shared_ns().get(), pod.labels().get()}];
  if (!group) {
    group = std::make_unique<Group>();
    group->ns = pod.shared_ns();
    group->labels = pod.labels();
    group->labels->ExpandInto(labels_);
    postings_.Add(group.get(), labels_);
    Rematch(*group);
  }
  return *group;
}

// A pod in the place of one with the same name and group is a change of that one.
void ClusterState::Join(Group& group, const PodRef& pod) {
  const auto at = PlaceOf(group, pod->name());
  if (at != group.pods.end() && (*at)->name() == pod->name()) {
    *at = pod;
    return;
  }
  group.pods.insert(at, pod);
  matches_ += group.targets.size();
}

void ClusterState::Leave(Group& group, const PodRecord& pod) {
  const auto at = PlaceOf(group, pod.name());
  if (at == group.pods.end() || (*at)->name() != pod.name()) return;
  const PodRef leaving = *at;
  group.pods.erase(at);
  // A rollout moves the pods from one group to the next, and the room for them must not stay.
  if (group.pods.size() * 4 <= group.pods.capacity()) group.pods.shrink_to_fit();
  matches_ -= group.targets.size();
  for (TargetEntry* target : group.targets) Mark(*target, group, leaving, false);
  if (!group.pods.empty()) return;
  for (TargetEntry* target : group.targets) {
    auto& of = target->groups;
    const auto place = std::ranges::find(of, &group);
    *place = of.back();
    of.pop_back();
  }
  group.labels->ExpandInto(labels_);
  postings_.Remove(&group, labels_);
  groups_.erase({group.ns.get(), group.labels.get()});
}

bool ClusterState::PutPod(PodRef pod) {
  const PodRecord* found = FindPod(pod->ns(), pod->name());
  const PodRef old(found);
  if (found) {
    pods_.Exchange(found, pod);
  } else {
    pods_.Insert(pod);
  }
  if (old && old->Finished()) finished_.erase(old.get());
  if (pod->Finished()) finished_.insert(pod.get());
  Group* from = old && !old->Finished() ? FindGroup(*old) : nullptr;
  Group* to = pod->Finished() ? nullptr : &GroupOf(*pod);
  bool dirty = from && from != to && !from->targets.empty();
  if (from && from != to) Leave(*from, *old);
  if (to) {
    Join(*to, pod);
    dirty |= MarkPod(*to, pod);
  }
  const bool was_finished = old && old->Finished();
  const bool counts_alike = was_finished && pod->Finished() && old->labels() == pod->labels() &&
                            old->deleting() == pod->deleting();
  if (was_finished && !counts_alike) dirty |= QueueOfFinished(*old);
  if (pod->Finished() && !counts_alike) {
    dirty |= QueueOfFinished(*pod);
    const bool job = pod->labels()->Find("job-name").has_value();
    for (TargetEntry* target : found_) target->runs_jobs |= job && !pod->deleting();
  }
  return dirty;
}

bool ClusterState::RemovePod(std::string_view ns, std::string_view name) {
  const PodRecord* found = FindPod(ns, name);
  if (!found) return false;
  const PodRef old(found);
  pods_.Erase(found);
  if (old->Finished()) finished_.erase(old.get());
  if (old->Finished()) return QueueOfFinished(*old);
  Group* from = FindGroup(*old);
  if (!from) return false;
  const bool dirty = !from->targets.empty();
  Leave(*from, *old);
  return dirty;
}

bool ClusterState::MarkPod(const Group& group, const PodRef& pod) {
  for (TargetEntry* target : group.targets) Mark(*target, group, pod, true);
  return !group.targets.empty();
}

bool ClusterState::QueueOfFinished(const PodRecord& pod) {
  pod.labels()->ExpandInto(labels_);
  Evaluate(pod.ns(), labels_, found_);
  for (TargetEntry* target : found_) Queue(*target);
  return !found_.empty();
}

bool ClusterState::QueueOfFinishedIn(std::string_view ns) {
  bool dirty = false;
  for (const PodRecord* pod : finished_) {
    if (pod->ns() == ns) dirty |= QueueOfFinished(*pod);
  }
  return dirty;
}

std::size_t ClusterState::CountFinished(const TargetEntry& target) const {
  std::size_t count = 0;
  Labels labels;
  for (const PodRecord* pod : finished_) {
    if (pod->deleting()) continue;
    const std::string ns(pod->ns());
    if (!target.target->namespaces && ns != target.target->meta.ns) continue;
    pod->labels()->ExpandInto(labels);
    if (TargetSelects(*target.target, ns, labels, LabelsOf(ns), trusted_)) ++count;
  }
  return count;
}

const Labels& ClusterState::LabelsOf(std::string_view ns) const {
  static const Labels kNone;
  const auto it = namespaces_.find(std::string(ns));
  return it == namespaces_.end() ? kNone : it->second->meta.labels;
}

void ClusterState::Evaluate(std::string_view ns, const Labels& labels,
                            std::vector<TargetEntry*>& out) const {
  anchors_.Candidates(ns, labels, out);
  evaluations_ += out.size();
  const std::string name(ns);
  const Labels& ns_labels = LabelsOf(ns);
  std::erase_if(out, [&](const TargetEntry* entry) {
    return !TargetSelects(*entry->target, name, labels, ns_labels, trusted_);
  });
}

bool ClusterState::Rematch(Group& group) {
  group.labels->ExpandInto(labels_);
  Evaluate(group.ns->view(), labels_, found_);
  if (found_ == group.targets) return FindOwner(group);
  std::vector<TargetEntry*> left, came;
  const auto by_key = [](const TargetEntry* a, const TargetEntry* b) { return a->key < b->key; };
  std::ranges::set_difference(group.targets, found_, std::back_inserter(left), by_key);
  std::ranges::set_difference(found_, group.targets, std::back_inserter(came), by_key);
  for (TargetEntry* target : left) Unlink(group, *target);
  for (TargetEntry* target : came) Link(group, *target);
  FindOwner(group);
  return true;
}

bool ClusterState::Link(Group& group, TargetEntry& target) {
  const auto at = std::ranges::lower_bound(group.targets, target.key, {}, &TargetEntry::key);
  if (at != group.targets.end() && *at == &target) return false;
  group.targets.insert(at, &target);
  target.groups.push_back(&group);
  matches_ += group.pods.size();
  for (const auto& pod : group.pods) Mark(target, group, pod, true);
  return true;
}

bool ClusterState::Unlink(Group& group, TargetEntry& target) {
  const auto at = std::ranges::lower_bound(group.targets, target.key, {}, &TargetEntry::key);
  if (at == group.targets.end() || *at != &target) return false;
  group.targets.erase(at);
  std::erase(target.groups, &group);
  matches_ -= group.pods.size();
  if (group.sidecar_owner == &target) group.sidecar_owner = nullptr;
  for (const auto& pod : group.pods) Mark(target, group, pod, false);
  return true;
}

bool ClusterState::FindOwner(Group& group) {
  const auto it = std::ranges::find_if(
      group.targets, [](const TargetEntry* entry) { return entry->target->WantsSidecar(); });
  TargetEntry* owner = it == group.targets.end() ? nullptr : *it;
  TargetEntry* before = std::exchange(group.sidecar_owner, owner);
  if (before == owner) return false;
  for (const auto& pod : group.pods) {
    if (!pod->HasSidecar()) continue;
    if (before) Mark(*before, group, pod, true);
    if (owner) Mark(*owner, group, pod, true);
  }
  return true;
}

}  // namespace telltale
