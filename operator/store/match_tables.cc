// SPDX-License-Identifier: Apache-2.0
#include "operator/store/match_tables.h"

#include <algorithm>
#include <functional>

namespace telltale {
namespace {

using Requirement = LabelSelector::Requirement;

// Hashes stand for what they are made of: two that collide give a candidate too many, no more.
std::size_t Combine(std::size_t seed, std::string_view text) {
  return (seed ^ std::hash<std::string_view>()(text)) * 0x9E3779B97F4A7C15u + 1;
}
std::size_t PairHash(std::size_t seed, std::string_view key, std::string_view value) {
  return Combine(Combine(seed ^ 0x51, key), value);
}
std::size_t KeyHash(std::size_t seed, std::string_view key) { return Combine(seed ^ 0x52, key); }
std::size_t NamespaceHash(std::string_view ns) { return Combine(0x53, ns); }

constexpr std::size_t kAnyNamespace = 0x54;

template <class T>
void EraseOne(std::vector<T*>& from, const T* what) {
  const auto it = std::ranges::find(from, what);
  if (it == from.end()) return;
  *it = from.back();
  from.pop_back();
  if (from.capacity() > 64 && from.size() * 4 < from.capacity()) from.shrink_to_fit();
}

// One way to reach what a selector selects: all pods that match have one of these labels.
std::vector<std::vector<std::size_t>> WaysIn(const LabelSelector& selector, std::size_t seed) {
  std::vector<std::vector<std::size_t>> ways;
  for (const auto& [key, value] : selector.match_labels)
    ways.push_back({PairHash(seed, key, value)});
  for (const auto& requirement : selector.match_expressions) {
    if (requirement.op != LabelSelector::Operator::kIn) continue;
    auto& way = ways.emplace_back();
    for (const auto& value : requirement.values)
      way.push_back(PairHash(seed, requirement.key, value));
  }
  return ways;
}

bool SelectsNothing(const LabelSelector& selector) {
  return selector.empty() && !selector.match_all;
}

}  // namespace

std::vector<std::string> ScopeOf(const MonitoringTarget& target,
                                 const std::set<std::string>& trusted_namespaces, bool& any) {
  any = false;
  if (!target.namespaces || !trusted_namespaces.contains(target.meta.ns)) return {target.meta.ns};
  any = target.namespaces->any || target.namespaces->labels.has_value();
  if (any) return {};
  auto names = target.namespaces->names;
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

void GroupPostings::AddTo(std::size_t hash, Group* group) {
  Posting& posting = postings_[hash];
  if (++posting.count > kCommon) {
    posting.common = true;
    posting.groups = {};
  }
  if (!posting.common) posting.groups.push_back(group);
}

void GroupPostings::RemoveFrom(std::size_t hash, Group* group) {
  const auto it = postings_.find(hash);
  if (it == postings_.end()) return;
  EraseOne(it->second.groups, group);
  if (--it->second.count == 0) postings_.erase(it);
}

void GroupPostings::Add(Group* group, const Labels& labels) {
  group->place = all_.size();
  all_.push_back(group);
  AddTo(NamespaceHash(group->ns->view()), group);
  for (const auto& [key, value] : labels) AddTo(PairHash(0, key, value), group);
}

void GroupPostings::Remove(Group* group, const Labels& labels) {
  all_.back()->place = group->place;
  all_[group->place] = all_.back();
  all_.pop_back();
  RemoveFrom(NamespaceHash(group->ns->view()), group);
  for (const auto& [key, value] : labels) RemoveFrom(PairHash(0, key, value), group);
}

const std::vector<Group*>& GroupPostings::Of(std::string_view ns) const {
  static const Postings kNone;
  const auto it = postings_.find(NamespaceHash(ns));
  if (it == postings_.end()) return kNone;
  return it->second.common ? all_ : it->second.groups;
}

std::optional<std::size_t> GroupPostings::Reached(const std::vector<std::size_t>& way) const {
  std::size_t sum = 0;
  for (const std::size_t hash : way) {
    const auto it = postings_.find(hash);
    if (it == postings_.end()) continue;
    if (it->second.common) return std::nullopt;
    sum += it->second.groups.size();
  }
  return sum;
}

std::vector<Group*> GroupPostings::Candidates(
    const MonitoringTarget& target, const std::set<std::string>& trusted_namespaces) const {
  if (SelectsNothing(target.selector)) return {};
  auto ways = WaysIn(target.selector, 0);
  bool any = false;
  const auto scope = ScopeOf(target, trusted_namespaces, any);
  if (!any) {
    auto& way = ways.emplace_back();
    for (const auto& ns : scope) way.push_back(NamespaceHash(ns));
  }
  const std::vector<std::size_t>* best = nullptr;
  std::size_t fewest = all_.size();
  for (const auto& way : ways) {
    const auto reached = Reached(way);
    if (!reached || (best && *reached >= fewest)) continue;
    best = &way;
    fewest = *reached;
  }
  if (!best) return all_;
  std::vector<Group*> found;
  found.reserve(fewest);
  for (const std::size_t hash : *best) {
    if (const auto it = postings_.find(hash); it != postings_.end()) {
      found.insert(found.end(), it->second.groups.begin(), it->second.groups.end());
    }
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  return found;
}

// Of the ways in, the one that the fewest other targets have chosen: a group then meets few.
std::vector<std::size_t> TargetAnchors::Best(const MonitoringTarget& target,
                                             std::string_view ns) const {
  const std::size_t seed = ns.empty() ? kAnyNamespace : NamespaceHash(ns);
  auto ways = WaysIn(target.selector, seed);
  if (ways.empty()) {
    for (const auto& requirement : target.selector.match_expressions) {
      if (requirement.op == LabelSelector::Operator::kExists) {
        ways.push_back({KeyHash(seed, requirement.key)});
      }
    }
  }
  if (ways.empty()) return {seed};
  return *std::ranges::min_element(ways, {}, [&](const std::vector<std::size_t>& way) {
    std::size_t sum = 0;
    for (const std::size_t hash : way) {
      if (const auto it = anchors_.find(hash); it != anchors_.end()) sum += it->second.size();
    }
    return sum;
  });
}

void TargetAnchors::Add(TargetEntry* entry, const std::set<std::string>& trusted_namespaces) {
  if (SelectsNothing(entry->target->selector)) return;
  bool any = false;
  auto scope = ScopeOf(*entry->target, trusted_namespaces, any);
  if (any) scope = {""};
  for (const auto& ns : scope) {
    for (const std::size_t anchor : Best(*entry->target, ns)) {
      anchors_[anchor].push_back(entry);
      entry->anchors.push_back(anchor);
    }
  }
}

void TargetAnchors::Remove(TargetEntry* entry) {
  for (const std::size_t anchor : entry->anchors) {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) continue;
    EraseOne(it->second, entry);
    if (it->second.empty()) anchors_.erase(it);
  }
  entry->anchors.clear();
}

void TargetAnchors::Collect(std::size_t anchor, std::vector<TargetEntry*>& out) const {
  const auto it = anchors_.find(anchor);
  if (it != anchors_.end()) out.insert(out.end(), it->second.begin(), it->second.end());
}

void TargetAnchors::Candidates(std::string_view ns, const Labels& labels,
                               std::vector<TargetEntry*>& out) const {
  out.clear();
  for (const std::size_t seed : {NamespaceHash(ns), kAnyNamespace}) {
    Collect(seed, out);
    for (const auto& [key, value] : labels) {
      Collect(PairHash(seed, key, value), out);
      Collect(KeyHash(seed, key), out);
    }
  }
  std::ranges::sort(out, {}, &TargetEntry::key);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
}

}  // namespace telltale
