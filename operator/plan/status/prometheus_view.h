// SPDX-License-Identifier: Apache-2.0
//
// PrometheusView: what Prometheus says about our targets, in 16 bytes for each: a hash of whose it
// is and one of three states; texts are kept of failures only. Filled by the poller (Add..., then
// Seal), afterwards immutable and read by status. A collision of the 64-bit hashes would show one
// endpoint's state for another's; at 50,000 targets that is one chance in 10^10.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/plan/reasons.h"

namespace telltale {

// How long a line may wait for Loki's acknowledgement: longer than a batch, a push that times out
// and a Loki that restarts.
inline constexpr std::chrono::seconds kStalledAfter{120};

enum class ScrapeState : std::uint8_t { kUnknown, kUp, kDown };  // kUnknown: not scraped yet

// Of what two views say differently.
struct ReportChanges {
  bool all = false;                // everything: Prometheus was not known, or is not any more
  std::set<std::string> targets;   // namespace/name of the MonitoringTarget
  std::set<std::string> sidecars;  // namespaces with a sidecar of which something changed
  std::set<std::string> pages;     // namespaces with a page that has no samples, or has them again
  bool empty() const { return !all && targets.empty() && sidecars.empty() && pages.empty(); }
};

// Stands after the name of a pod in what a node agent says of it; a sidecar's word has the name
// alone.
inline constexpr std::string_view kByNodeAgent = "/node";

class PrometheusView {
 public:
  struct Report {
    ScrapeState state = ScrapeState::kUnknown;
    Reason reason = Reason::kScrapeFailed;  // of kDown
    std::string_view error;                 // of kDown: short; lives as long as the view
  };

  bool known = false;  // false until Prometheus was asked with success; error says why
  std::string error;
  std::string note;  // while known: why some targets may not be found; no full stop

  // The arguments are what the discovery document said in __meta_telltale_target,
  // __meta_telltale_pod_uid, __meta_telltale_endpoint and namespace, then the answer's.
  void Add(std::string_view target_key, std::string_view pod_uid, std::string_view endpoint,
           std::string_view pod_namespace, ScrapeState state, std::string_view last_error,
           std::string_view scrape_url = "");
  // A pod whose sidecar had lines acknowledged.
  void AddLogging(std::string_view pod_namespace, std::string_view pod_name);
  // One whose sidecar has lines that Loki did not acknowledge for kStalledAfter, and since when, in
  // seconds since the epoch, 0: not known. Kept to the minute: it is worked out anew from each
  // scrape.
  void AddStalled(std::string_view pod_namespace, std::string_view pod_name, std::int64_t since);
  // One whose sidecar is refused what the other containers print.
  void AddForbidden(std::string_view pod_namespace, std::string_view pod_name);
  // One whose sidecar or node agent cannot read log files; `reason` is that of
  // telltale_logs_files_unread. Of several reasons the first counts.
  void AddUnreadable(std::string_view pod_namespace, std::string_view pod_name,
                     std::string_view reason);
  // One whose sidecar knows no log file at all.
  void AddNoFiles(std::string_view pod_namespace, std::string_view pod_name);
  // A page that gave no sample, by the labels that discovery gave it. Several resources may read
  // pages of one address: `job` and `instance` say which one it is.
  void AddEmpty(std::string_view pod_namespace, std::string_view pod_name, std::string_view job,
                std::string_view instance);
  // One whose sidecar refuses the configuration of a MonitoringTarget.
  void AddRefused(std::string_view target_key, std::string_view pod_namespace,
                  std::string_view pod_name);
  // The lowest generation of a MonitoringTarget that a sidecar runs. Of several the lowest counts:
  // each Prometheus says one.
  void AddGeneration(std::string_view target_key, std::int64_t lowest);
  void AddNodeAgent() { ++node_agents_; }
  // All that another Prometheus said; before Seal of either.
  void Merge(const PrometheusView& other);
  // After the last Add, before the first Find.
  void Seal();

  // Of the pod's sidecar, whichever resource its target belongs to: all share the one sidecar, and
  // Prometheus still names the former owner for a while after that one changed.
  std::optional<Report> FindSidecar(std::string_view pod_uid) const;
  bool Logging(std::string_view pod_namespace, std::string_view pod_name) const;
  std::optional<std::int64_t> StalledSince(std::string_view pod_namespace,
                                           std::string_view pod_name) const;
  bool Forbidden(std::string_view pod_namespace, std::string_view pod_name) const;

  std::string_view Unreadable(std::string_view pod_namespace,
                              std::string_view pod_name) const;  // the reason, or ""
  bool NoFiles(std::string_view pod_namespace, std::string_view pod_name) const;
  bool HasEmpty() const { return !empty_.empty(); }
  bool Empty(std::string_view pod_namespace, std::string_view pod_name, std::string_view job,
             std::string_view instance) const;
  bool Refused(std::string_view target_key, std::string_view pod_namespace,
               std::string_view pod_name) const;
  std::optional<std::int64_t> LowestGeneration(std::string_view target_key) const;
  std::size_t node_agents() const { return node_agents_; }

  // The reports of one target, which has many pods; the view must outlive it.
  class OfTarget {
   public:
    OfTarget(const PrometheusView& view, std::string_view target_key);
    std::optional<Report> Find(std::string_view pod_uid, std::size_t endpoint) const;

   private:
    const PrometheusView& view_;
    std::uint64_t target_;
  };

  std::size_t reports() const { return reports_.size(); }
  std::size_t logging_pods() const { return logging_.size(); }

  // What differs from `before`; null: there was none.
  ReportChanges ChangesSince(const PrometheusView* before) const;

 private:
  struct Failure {
    Reason reason;
    std::string error;
  };
  struct Entry {
    std::uint64_t key;
    ScrapeState state;
  };
  using Digests = std::map<std::string, std::uint64_t, std::less<>>;

  std::optional<Report> FindKey(std::uint64_t key) const;
  static void Mix(Digests& digests, std::string_view name, std::uint64_t hash);

  std::vector<Entry> reports_;                      // sorted by key
  std::vector<std::uint64_t> logging_, forbidden_;  // pods; sorted
  std::map<std::uint64_t, std::int64_t> stalled_;
  std::map<std::uint64_t, Failure> failures_;
  // Of few: what is not as it should be.
  std::map<std::uint64_t, std::string> unreadable_;  // by pod
  std::set<std::uint64_t> no_files_, empty_, refused_;
  std::map<std::string, std::int64_t, std::less<>> generations_;  // by MonitoringTarget
  std::size_t node_agents_ = 0;
  // What was added: by resource, by namespace of the sidecar, by namespace of the page's pod.
  Digests targets_, sidecars_, pages_;
};

}  // namespace telltale
