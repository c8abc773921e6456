// SPDX-License-Identifier: Apache-2.0
//
// ClusterState: what the index holds, and how one change of it changes who matches whom and what
// must be rendered anew. No locks and no decoding: ClusterIndex guards it, the sinks feed it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/base/clock.h"
#include "operator/model/world.h"
#include "operator/store/changes.h"
#include "operator/store/cluster_index.h"
#include "operator/store/match_tables.h"

namespace telltale {

class ClusterState {
 public:
  using TargetPtr = std::shared_ptr<const MonitoringTarget>;
  using NamespacePtr = std::shared_ptr<const Namespace>;

  ClusterState(std::set<std::string> trusted, Clock& clock)
      : trusted_(std::move(trusted)), clock_(clock) {}

  // True when something must be rendered anew.
  bool PutPod(PodRef pod);
  bool RemovePod(std::string_view ns, std::string_view name);
  bool PutTarget(TargetPtr target);
  bool RemoveTarget(const std::string& key);
  bool PutNamespace(NamespacePtr ns);
  bool RemoveNamespace(const std::string& name);
  void Replaced() { replaced_ = true; }
  void Reserve(std::size_t pods) { pods_.Reserve(pods); }

  // Pods in no order, and those of one pod may come twice: SortChanges does the rest, which needs
  // no lock.
  Changes Take();

  // For the pods' sink, which is the only one that changes pods, also without the lock.
  const PodRecord* FindPod(std::string_view ns, std::string_view name) const {
    return pods_.FindPod(ns, name);
  }
  template <class F>
  void ForEachPod(F visit) const {
    pods_.ForEach(visit);
  }
  // They are in no group, so nothing matches them here.
  const std::unordered_set<const PodRecord*>& finished() const { return finished_; }

  const std::map<std::string, std::unique_ptr<TargetEntry>>& targets() const { return targets_; }
  const std::map<std::string, NamespacePtr>& namespaces() const { return namespaces_; }
  const std::set<std::string>& trusted() const { return trusted_; }
  const TargetEntry* FindTarget(const std::string& key) const;
  // Finished pods that the target selects.
  std::size_t CountFinished(const TargetEntry& target) const;
  // Those that match, by key; counts as one evaluation each.
  void Evaluate(std::string_view ns, const Labels& labels, std::vector<TargetEntry*>& out) const;
  IndexSize sizes() const;

 private:
  struct GroupKey {
    const SharedText* ns;
    const LabelSet* labels;
    bool operator==(const GroupKey&) const = default;
  };
  struct GroupKeyHash {
    std::size_t operator()(const GroupKey& key) const;
  };

  Group& GroupOf(const PodRecord& pod);
  Group* FindGroup(const PodRecord& pod);
  void Join(Group& group, const PodRef& pod);
  void Leave(Group& group, const PodRecord& pod);
  bool MarkPod(const Group& group, const PodRef& pod);
  // The targets that select this finished pod, as the number of those has changed.
  bool QueueOfFinished(const PodRecord& pod);
  bool QueueOfFinishedIn(std::string_view ns);  // of every one there

  // Brings the group's matches up to date.
  bool Rematch(Group& group);
  bool Link(Group& group, TargetEntry& target);
  bool Unlink(Group& group, TargetEntry& target);
  bool FindOwner(Group& group);
  bool RematchNamespace(const std::string& name);
  const Labels& LabelsOf(std::string_view ns) const;

  void Queue(TargetEntry& target);
  void MarkWhole(TargetEntry& target);
  void Mark(TargetEntry& target, const Group& group, const PodRef& pod, bool present);

  const std::set<std::string> trusted_;
  Clock& clock_;

  PodTable pods_;
  std::unordered_set<const PodRecord*> finished_;  // of pods_
  std::unordered_map<GroupKey, std::unique_ptr<Group>, GroupKeyHash> groups_;
  std::map<std::string, std::unique_ptr<TargetEntry>> targets_;
  std::map<std::string, NamespacePtr> namespaces_;
  GroupPostings postings_;
  TargetAnchors anchors_;

  std::vector<TargetEntry*> queued_;
  std::set<std::string> gone_;
  SteadyTime oldest_;
  bool replaced_ = false;
  std::size_t matches_ = 0;
  mutable std::uint64_t evaluations_ = 0;

  Labels labels_;  // scratch
  std::vector<TargetEntry*> found_;
};

// Sorts what Take gave: targets by key, each target's pods by name and only their last change.
void SortChanges(Changes& changes);

}  // namespace telltale
