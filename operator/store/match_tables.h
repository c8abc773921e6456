// SPDX-License-Identifier: Apache-2.0
//
// Who may match whom: for a target the groups of pods worth a look, and for a group the targets.
// Both are found by a hash of what a selector asks for, so that neither side is ever walked as a
// whole; a candidate is still to be evaluated. Internal to the index, under its lock.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "operator/model/selection.h"
#include "operator/store/changes.h"

namespace telltale {

struct TargetEntry;

// The unfinished pods of one namespace that have the same labels.
struct Group {
  TextRef ns;
  LabelSetRef labels;
  std::vector<PodRef> pods;           // by name
  std::vector<TargetEntry*> targets;  // that match, by key
  // Of several resources that want a sidecar in these pods the first lists its target.
  TargetEntry* sidecar_owner = nullptr;
  std::size_t place = 0;  // in GroupPostings
};

struct TargetEntry {
  std::string key;
  std::shared_ptr<const MonitoringTarget> target;
  std::vector<Group*> groups;        // in no order
  std::vector<std::size_t> anchors;  // where TargetAnchors has it
  bool runs_jobs = false;            // a pod of a Job that it selects has finished

  // What the publisher has not taken yet.
  bool queued = false;
  bool whole = false;              // everything; `changes` is empty then
  std::vector<PodChange> changes;  // as they came
};

// The namespaces that a target can look into at most: nothing means any.
std::vector<std::string> ScopeOf(const MonitoringTarget& target,
                                 const std::set<std::string>& trusted_namespaces, bool& any);

class GroupPostings {
 public:
  void Add(Group* group, const Labels& labels);
  void Remove(Group* group, const Labels& labels);
  // The groups that may match: those under the requirement that the fewest have.
  std::vector<Group*> Candidates(const MonitoringTarget& target,
                                 const std::set<std::string>& trusted_namespaces) const;
  // May hold groups of other namespaces.
  const std::vector<Group*>& Of(std::string_view ns) const;

 private:
  using Postings = std::vector<Group*>;
  // A label that very many groups have leads nowhere: only how many they are is kept then, so that
  // nobody has to look for one among them.
  static constexpr std::size_t kCommon = 2'000;
  struct Posting {
    Postings groups;
    std::size_t count = 0;
    bool common = false;
  };
  void AddTo(std::size_t hash, Group* group);
  void RemoveFrom(std::size_t hash, Group* group);
  // How many groups are reached that way, nothing when it leads nowhere.
  std::optional<std::size_t> Reached(const std::vector<std::size_t>& way) const;
  std::unordered_map<std::size_t, Posting> postings_;  // by hash of a label or a namespace
  Postings all_;
};

class TargetAnchors {
 public:
  void Add(TargetEntry* entry, const std::set<std::string>& trusted_namespaces);
  void Remove(TargetEntry* entry);
  // The targets that may match pods with these labels, each once, by key.
  void Candidates(std::string_view ns, const Labels& labels, std::vector<TargetEntry*>& out) const;

 private:
  std::vector<std::size_t> Best(const MonitoringTarget& target, std::string_view ns) const;
  void Collect(std::size_t anchor, std::vector<TargetEntry*>& out) const;
  std::unordered_map<std::size_t, std::vector<TargetEntry*>> anchors_;
};

}  // namespace telltale
