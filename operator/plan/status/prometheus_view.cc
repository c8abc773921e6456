// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/prometheus_view.h"

#include <algorithm>
#include <initializer_list>

#include "common/base/strings.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/scrape_error.h"

namespace telltale {
namespace {

std::uint64_t HashOn(std::uint64_t hash, std::string_view part) {
  hash = (hash ^ Hash64(part)) * 0x9E3779B97F4A7C15;
  return hash ^ (hash >> 31);
}

std::uint64_t HashOf(std::initializer_list<std::string_view> parts) {
  std::uint64_t hash = 0;
  for (const auto part : parts) hash = HashOn(hash, part);
  return hash;
}

std::uint64_t ReportKey(std::string_view target, std::string_view uid, std::string_view endpoint) {
  return HashOf({target, uid, endpoint});
}

// No resource has an empty key.
std::uint64_t SidecarKey(std::string_view uid) { return ReportKey("", uid, kSidecarEndpoint); }

std::uint64_t PodKey(std::string_view pod_namespace, std::string_view pod_name) {
  std::string key(pod_namespace);
  return Hash64(key.append("/").append(pod_name));
}

// Of two reports for one thing, as for a sidecar that changes its owner, the better one counts.
int Worth(ScrapeState state) {
  switch (state) {
    case ScrapeState::kUp:
      return 0;
    case ScrapeState::kDown:
      return 1;
    case ScrapeState::kUnknown:
      break;
  }
  return 2;
}

}  // namespace

// Added up, so that the order in which Prometheus answers does not count.
void PrometheusView::Mix(Digests& digests, std::string_view name, std::uint64_t hash) {
  const auto found = digests.find(name);
  (found == digests.end() ? digests[std::string(name)] : found->second) += hash;
}

void PrometheusView::Add(std::string_view target_key, std::string_view pod_uid,
                         std::string_view endpoint, std::string_view pod_namespace,
                         ScrapeState state, std::string_view last_error,
                         std::string_view scrape_url) {
  const bool sidecar = endpoint == kSidecarEndpoint;
  const std::uint64_t key =
      sidecar ? SidecarKey(pod_uid) : ReportKey(target_key, pod_uid, endpoint);
  reports_.push_back({key, state});
  std::string text;
  if (state == ScrapeState::kDown) {
    text = ShortScrapeError(last_error, scrape_url);
    failures_.try_emplace(key, Failure{ClassifyScrapeError(last_error, scrape_url), text});
  }
  const char name = static_cast<char>('0' + static_cast<int>(state));
  const std::uint64_t hash = HashOf({{&name, 1}, text}) ^ key;
  Mix(sidecar ? sidecars_ : targets_, sidecar ? pod_namespace : target_key, hash);
}

void PrometheusView::AddLogging(std::string_view pod_namespace, std::string_view pod_name) {
  logging_.push_back(PodKey(pod_namespace, pod_name));
  Mix(sidecars_, pod_namespace, HashOf({pod_name, "logging"}));
}

void PrometheusView::AddStalled(std::string_view pod_namespace, std::string_view pod_name,
                                std::int64_t since) {
  since -= since % 60;
  stalled_[PodKey(pod_namespace, pod_name)] = since;
  Mix(sidecars_, pod_namespace, HashOf({pod_name, "stalled", std::to_string(since)}));
}

void PrometheusView::AddForbidden(std::string_view pod_namespace, std::string_view pod_name) {
  forbidden_.push_back(PodKey(pod_namespace, pod_name));
  Mix(sidecars_, pod_namespace, HashOf({pod_name, "forbidden"}));
}

void PrometheusView::AddUnreadable(std::string_view pod_namespace, std::string_view pod_name,
                                   std::string_view reason) {
  unreadable_.try_emplace(PodKey(pod_namespace, pod_name), reason);
  Mix(sidecars_, pod_namespace, HashOf({pod_name, "unreadable", reason}));
}

void PrometheusView::AddNoFiles(std::string_view pod_namespace, std::string_view pod_name) {
  no_files_.insert(PodKey(pod_namespace, pod_name));
  Mix(sidecars_, pod_namespace, HashOf({pod_name, "no files"}));
}

void PrometheusView::AddEmpty(std::string_view pod_namespace, std::string_view pod_name,
                              std::string_view job, std::string_view instance) {
  empty_.insert(HashOf({pod_namespace, pod_name, job, instance}));
  Mix(pages_, pod_namespace, HashOf({pod_name, "empty", job, instance}));
}

void PrometheusView::AddRefused(std::string_view target_key, std::string_view pod_namespace,
                                std::string_view pod_name) {
  refused_.insert(HashOf({target_key, pod_namespace, pod_name}));
  Mix(targets_, target_key, HashOf({pod_namespace, pod_name, "refused"}));
}

void PrometheusView::AddGeneration(std::string_view target_key, std::int64_t lowest) {
  const auto [found, added] = generations_.try_emplace(std::string(target_key), lowest);
  if (!added) found->second = std::min(found->second, lowest);
  Mix(targets_, target_key, HashOf({"generation", std::to_string(lowest)}));
}

void PrometheusView::Merge(const PrometheusView& other) {
  reports_.insert(reports_.end(), other.reports_.begin(), other.reports_.end());
  logging_.insert(logging_.end(), other.logging_.begin(), other.logging_.end());
  forbidden_.insert(forbidden_.end(), other.forbidden_.begin(), other.forbidden_.end());
  stalled_.insert(other.stalled_.begin(), other.stalled_.end());
  failures_.insert(other.failures_.begin(), other.failures_.end());
  unreadable_.insert(other.unreadable_.begin(), other.unreadable_.end());
  no_files_.insert(other.no_files_.begin(), other.no_files_.end());
  empty_.insert(other.empty_.begin(), other.empty_.end());
  refused_.insert(other.refused_.begin(), other.refused_.end());
  for (const auto& [target, lowest] : other.generations_) AddGeneration(target, lowest);
  node_agents_ += other.node_agents_;
  for (const auto& [name, digest] : other.targets_) Mix(targets_, name, digest);
  for (const auto& [name, digest] : other.sidecars_) Mix(sidecars_, name, digest);
  for (const auto& [name, digest] : other.pages_) Mix(pages_, name, digest);
}

void PrometheusView::Seal() {
  std::ranges::sort(reports_, [](const Entry& a, const Entry& b) {
    return a.key != b.key ? a.key < b.key : Worth(a.state) < Worth(b.state);
  });
  const auto same = std::ranges::unique(reports_, {}, &Entry::key);
  reports_.erase(same.begin(), same.end());
  reports_.shrink_to_fit();
  std::ranges::sort(logging_);
  logging_.shrink_to_fit();
  std::ranges::sort(forbidden_);
}

std::optional<PrometheusView::Report> PrometheusView::FindKey(std::uint64_t key) const {
  const auto found = std::ranges::lower_bound(reports_, key, {}, &Entry::key);
  if (found == reports_.end() || found->key != key) return std::nullopt;
  Report report;
  report.state = found->state;
  if (found->state == ScrapeState::kDown) {
    const auto failure = failures_.find(key);
    if (failure != failures_.end()) {
      report.reason = failure->second.reason;
      report.error = failure->second.error;
    }
  }
  return report;
}

std::optional<PrometheusView::Report> PrometheusView::FindSidecar(std::string_view pod_uid) const {
  if (reports_.empty()) return std::nullopt;
  return FindKey(SidecarKey(pod_uid));
}

bool PrometheusView::Logging(std::string_view pod_namespace, std::string_view pod_name) const {
  return !logging_.empty() && std::ranges::binary_search(logging_, PodKey(pod_namespace, pod_name));
}

std::optional<std::int64_t> PrometheusView::StalledSince(std::string_view pod_namespace,
                                                         std::string_view pod_name) const {
  if (stalled_.empty()) return std::nullopt;
  const auto found = stalled_.find(PodKey(pod_namespace, pod_name));
  if (found == stalled_.end()) return std::nullopt;
  return found->second;
}

bool PrometheusView::Forbidden(std::string_view pod_namespace, std::string_view pod_name) const {
  return !forbidden_.empty() &&
         std::ranges::binary_search(forbidden_, PodKey(pod_namespace, pod_name));
}

std::string_view PrometheusView::Unreadable(std::string_view pod_namespace,
                                            std::string_view pod_name) const {
  if (unreadable_.empty()) return {};
  const auto found = unreadable_.find(PodKey(pod_namespace, pod_name));
  return found == unreadable_.end() ? std::string_view() : std::string_view(found->second);
}

bool PrometheusView::NoFiles(std::string_view pod_namespace, std::string_view pod_name) const {
  return !no_files_.empty() && no_files_.contains(PodKey(pod_namespace, pod_name));
}

bool PrometheusView::Empty(std::string_view pod_namespace, std::string_view pod_name,
                           std::string_view job, std::string_view instance) const {
  return !empty_.empty() && empty_.contains(HashOf({pod_namespace, pod_name, job, instance}));
}

bool PrometheusView::Refused(std::string_view target_key, std::string_view pod_namespace,
                             std::string_view pod_name) const {
  return !refused_.empty() && refused_.contains(HashOf({target_key, pod_namespace, pod_name}));
}

std::optional<std::int64_t> PrometheusView::LowestGeneration(std::string_view target_key) const {
  const auto found = generations_.find(target_key);
  return found == generations_.end() ? std::nullopt : std::optional(found->second);
}

PrometheusView::OfTarget::OfTarget(const PrometheusView& view, std::string_view target_key)
    : view_(view), target_(HashOf({target_key})) {}

std::optional<PrometheusView::Report> PrometheusView::OfTarget::Find(std::string_view pod_uid,
                                                                     std::size_t endpoint) const {
  if (view_.reports_.empty()) return std::nullopt;
  return view_.FindKey(HashOn(HashOn(target_, pod_uid), std::to_string(endpoint)));
}

namespace {

using Digests = std::map<std::string, std::uint64_t, std::less<>>;

void AddDifferences(const Digests& before, const Digests& now, std::set<std::string>& out) {
  for (const auto& [name, digest] : now) {
    const auto found = before.find(name);
    if (found == before.end() || found->second != digest) out.insert(name);
  }
  for (const auto& [name, digest] : before) {
    if (!now.contains(name)) out.insert(name);
  }
}

}  // namespace

ReportChanges PrometheusView::ChangesSince(const PrometheusView* before) const {
  ReportChanges changes;
  if (before == nullptr || before->known != known || before->error != error ||
      before->note != note || (before->node_agents_ == 0) != (node_agents_ == 0)) {
    changes.all = true;
    return changes;
  }
  AddDifferences(before->targets_, targets_, changes.targets);
  AddDifferences(before->sidecars_, sidecars_, changes.sidecars);
  AddDifferences(before->pages_, pages_, changes.pages);
  return changes;
}

}  // namespace telltale
