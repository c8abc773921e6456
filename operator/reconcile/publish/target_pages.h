// SPDX-License-Identifier: Apache-2.0
//
// TargetPages: one MonitoringTarget's part of one discovery document (DocumentName), by pod.
// Changes are merged into it; pods that did not change are neither rendered nor copied, and pages
// without a change are shared by the next document. Used by the publisher's thread alone; the pages
// are immutable.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/store/changes.h"
#include "operator/store/document.h"

namespace telltale {

// Renders one pod under one target; keeps its memory from one to the next.
class PodRenderer {
 public:
  // `cluster` is the label of all targets; empty: they have none.
  explicit PodRenderer(std::string cluster = {}) : cluster_(std::move(cluster)) {}

  // `before` again when the bytes are the same; null when there are none.
  FragmentRef Render(const MonitoringTarget& target, const std::string& document,
                     const PodRecord& pod, bool owns_sidecar, TakenPages& taken,
                     const FragmentRef& before);

 private:
  const std::string cluster_;
  Pod pod_;
  std::vector<ScrapeTarget> scrapes_;
  std::string text_;
};

class TargetPages {
 public:
  using PagePtr = std::shared_ptr<const DocumentPage>;

  explicit TargetPages(std::string document = {}) : document_(std::move(document)) {}

  // True when bytes of the document changed.
  bool Apply(TargetChange& change, PodRenderer& renderer);

  const std::vector<PagePtr>& pages() const { return pages_; }

 private:
  struct Entry {
    PodRef pod;
    bool owns_sidecar = false;
  };
  using Entries = std::vector<Entry>;
  // What pages come to be while changes are merged into them.
  struct Draft {
    Entries entries;
    std::vector<FragmentRef> fragments;  // of the entries
  };

  void AddMissing(std::vector<PodChange>& pods) const;
  void Merge(std::span<PodChange> changes, PodRenderer& renderer);
  void MergePage(std::size_t page, std::span<PodChange> changes, PodRenderer& renderer,
                 Draft& draft);
  void Apply(PodChange& change, const Entry* old, const FragmentRef& before, PodRenderer& renderer,
             Draft& draft);
  void Split(Draft& draft);
  void Repack();
  void RenderHosts(PodRenderer& renderer);

  const std::string document_;
  std::shared_ptr<const MonitoringTarget> target_;
  // Page by page: its pods in order, and what is published of them.
  std::vector<Entries> entries_;
  std::vector<PagePtr> pages_;

  // While changes are applied.
  std::vector<Entries> new_entries_;
  std::vector<PagePtr> new_pages_;
  std::set<std::string, std::less<>> host_ips_;  // of pods on their node's network that changed
  bool bytes_differ_ = false;
};

}  // namespace telltale
