// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/publish/target_pages.h"

#include <algorithm>
#include <map>
#include <utility>

namespace telltale {
namespace {

// A change copies the references of its page, a document those of all pages: with 50,000 pods and
// some hundred changes at a time both are least near this.
constexpr std::size_t kMaxPage = 32;

bool OnHost(const PodRecord& pod) { return pod.host_network() && pod.Running(); }

}  // namespace

FragmentRef PodRenderer::Render(const MonitoringTarget& target, const std::string& document,
                                const PodRecord& pod, bool owns_sidecar, TakenPages& taken,
                                const FragmentRef& before) {
  const bool lists_sidecar = owns_sidecar && pod.HasSidecar();
  if (target.suspend || !pod.Running() || (!target.metrics && !lists_sidecar)) return {};
  pod.ExpandInto(pod_);
  scrapes_.clear();
  PlanPod(target, pod_, lists_sidecar, taken, scrapes_, cluster_);
  // The pages of all documents together are planned, so that one is not in two of them.
  std::erase_if(scrapes_, [&](const auto& scrape) { return scrape.document != document; });
  if (scrapes_.empty()) return {};
  text_.clear();
  for (const auto& scrape : scrapes_) {
    text_ += ',';
    AppendHttpSd(scrape, text_);
  }
  if (before && before->view() == text_) return before;
  return SharedText::Make(text_, static_cast<std::uint32_t>(scrapes_.size()));
}

bool TargetPages::Apply(TargetChange& change, PodRenderer& renderer) {
  target_ = change.target;
  bytes_differ_ = false;
  host_ips_.clear();
  if (change.whole) AddMissing(change.pods);
  if (!change.pods.empty()) Merge(change.pods, renderer);
  if (!host_ips_.empty()) RenderHosts(renderer);
  return bytes_differ_;
}

// `pods` is all that there is: the others are gone.
void TargetPages::AddMissing(std::vector<PodChange>& pods) const {
  std::vector<PodChange> all;
  auto next = pods.begin();
  for (const auto& entries : entries_) {
    for (const auto& entry : entries) {
      while (next != pods.end() && PodBefore(*next->pod, *entry.pod)) all.push_back(*next++);
      if (next != pods.end() && !PodBefore(*entry.pod, *next->pod)) continue;
      all.push_back({entry.pod, false, false});
    }
  }
  all.insert(all.end(), next, pods.end());
  pods = std::move(all);
}

void TargetPages::Merge(std::span<PodChange> changes, PodRenderer& renderer) {
  if (pages_.empty()) {
    pages_.push_back(nullptr);
    entries_.emplace_back();
  }
  new_pages_.clear();
  new_entries_.clear();
  auto from = changes.begin();
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    auto to = changes.end();
    if (i + 1 < pages_.size()) {
      const PodRecord& next = *entries_[i + 1].front().pod;
      to = std::partition_point(from, changes.end(), [&](const PodChange& change) {
        return PodBefore(*change.pod, next);
      });
    }
    if (from == to) {
      new_entries_.push_back(std::move(entries_[i]));
      new_pages_.push_back(std::move(pages_[i]));
      continue;
    }
    Draft draft;
    MergePage(i, {from, to}, renderer, draft);
    Split(draft);
    from = to;
  }
  pages_.swap(new_pages_);
  entries_.swap(new_entries_);
  Repack();
}

void TargetPages::MergePage(std::size_t page, std::span<PodChange> changes, PodRenderer& renderer,
                            Draft& draft) {
  Entries& old = entries_[page];
  draft.entries.reserve(old.size() + changes.size());
  draft.fragments.reserve(old.size() + changes.size());
  std::size_t next = 0;
  const auto keep_until = [&](std::size_t end) {
    for (; next < end; ++next) {
      draft.entries.push_back(std::move(old[next]));
      draft.fragments.push_back(pages_[page]->fragments[next]);
    }
  };
  for (auto& change : changes) {
    const PodRecord& pod = *change.pod;
    const auto at =
        std::partition_point(old.begin() + static_cast<std::ptrdiff_t>(next), old.end(),
                             [&](const Entry& entry) { return PodBefore(*entry.pod, pod); });
    keep_until(static_cast<std::size_t>(at - old.begin()));
    const bool known = next < old.size() && !PodBefore(pod, *old[next].pod);
    if (known) {
      Apply(change, &old[next], pages_[page]->fragments[next], renderer, draft);
      ++next;
    } else {
      Apply(change, nullptr, {}, renderer, draft);
    }
  }
  keep_until(old.size());
}

void TargetPages::Apply(PodChange& change, const Entry* old, const FragmentRef& before,
                        PodRenderer& renderer, Draft& draft) {
  if (old && OnHost(*old->pod)) host_ips_.emplace(old->pod->ip());
  FragmentRef fragment;
  if (change.present) {
    if (OnHost(*change.pod)) {
      host_ips_.emplace(change.pod->ip());
      fragment = before;  // until RenderHosts
    } else {
      TakenPages own;
      fragment =
          renderer.Render(*target_, document_, *change.pod, change.owns_sidecar, own, before);
    }
    draft.entries.push_back({std::move(change.pod), change.owns_sidecar});
    draft.fragments.push_back(fragment);
  }
  if (!(fragment == before)) bytes_differ_ = true;
}

void TargetPages::Split(Draft& draft) {
  const std::size_t count = draft.entries.size();
  const std::size_t parts = (count + kMaxPage - 1) / kMaxPage;
  for (std::size_t part = 0; part < parts; ++part) {
    const auto from = static_cast<std::ptrdiff_t>(count * part / parts);
    const auto to = static_cast<std::ptrdiff_t>(count * (part + 1) / parts);
    auto& entries = new_entries_.emplace_back();
    entries.assign(std::make_move_iterator(draft.entries.begin() + from),
                   std::make_move_iterator(draft.entries.begin() + to));
    new_pages_.push_back(std::make_shared<const DocumentPage>(
        std::vector<FragmentRef>(draft.fragments.begin() + from, draft.fragments.begin() + to)));
  }
}

// Pages that lost most of their pods become fewer.
void TargetPages::Repack() {
  std::size_t pods = 0;
  for (const auto& entries : entries_) pods += entries.size();
  if (pages_.size() <= 4 + 4 * (pods / kMaxPage)) return;
  Draft all;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    std::ranges::move(entries_[i], std::back_inserter(all.entries));
    std::ranges::copy(pages_[i]->fragments, std::back_inserter(all.fragments));
  }
  new_entries_.clear();
  new_pages_.clear();
  Split(all);
  pages_.swap(new_pages_);
  entries_.swap(new_entries_);
}

// Pods on the network of one node share its address: which of them lists a page depends on those
// before it, so all with the address of one that changed are rendered, in order.
void TargetPages::RenderHosts(PodRenderer& renderer) {
  std::map<std::string_view, TakenPages> taken;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    std::vector<FragmentRef> fragments;  // a copy, once one differs
    for (std::size_t j = 0; j < entries_[i].size(); ++j) {
      const Entry& entry = entries_[i][j];
      if (!OnHost(*entry.pod) || !host_ips_.contains(entry.pod->ip())) continue;
      const FragmentRef& before = pages_[i]->fragments[j];
      FragmentRef now = renderer.Render(*target_, document_, *entry.pod, entry.owns_sidecar,
                                        taken[entry.pod->ip()], before);
      if (now == before) continue;
      if (fragments.empty()) fragments = pages_[i]->fragments;
      fragments[j] = std::move(now);
    }
    if (fragments.empty()) continue;
    bytes_differ_ = true;
    pages_[i] = std::make_shared<const DocumentPage>(std::move(fragments));
  }
}

}  // namespace telltale
