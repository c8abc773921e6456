// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_health.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "operator/model/selection.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/findings.h"
#include "operator/plan/status/pod_endpoints.h"
#include "operator/plan/status/pod_problems.h"
#include "operator/plan/status/resource_checks.h"
#include "operator/plan/status/young_pods.h"

namespace telltale {
namespace {

// Whose scrape target is the first that Prometheus did not get to yet.
struct Pending {
  const PodView* pod = nullptr;
  int endpoint = kNoEndpoint;
};

// What became of one pod's scrape targets.
struct Scrapes {
  int endpoints = 0;
  int up = 0;
  bool down = false;
};

class Assessor {
 public:
  explicit Assessor(const StatusInput& input)
      : input_(input),
        target_(input.target),
        ships_(ReadBySidecars(target_)),
        reads_logs_(!target_.suspend && target_.logs),
        reports_(input.view, target_.meta.Key()),
        endpoints_(target_),
        findings_(input, endpoints_),
        young_(input) {}

  TargetHealth Run() {
    health_.matched = static_cast<int>(input_.pods.size());
    health_.look_again = young_.look_again();
    for (const auto& pod : input_.pods) {
      CountPod(pod);
      if (!target_.suspend) CountScrapes(pod);
    }
    if (target_.suspend) return std::move(health_);
    if (const Pending& first = pending_.pod ? pending_ : pending_sidecar_; first.pod) {
      health_.first_pending =
          "pod " + first.pod->Key() + ", endpoint " + EndpointName(first.endpoint);
    }
    AddResourceProblems(input_, findings_);
    findings_.WriteTo(health_);
    return std::move(health_);
  }

 private:
  using Report = PrometheusView::Report;

  void CountPod(const PodView& pod) {
    if (pod.has_sidecar) ++health_.injected;
    const bool logging = reads_logs_ && input_.view.Logging(pod.ns, LogReaderName(target_, pod));
    if (logging) ++health_.logging;
    if (pod.deleting) return;
    if (!pod.trouble.empty() && !target_.suspend) {
      ++health_.unfit;
      findings_.Add(TroubleReason(pod), pod);
    }
    if (!pod.Running()) {
      if (young_.Young(pod)) ++health_.starting;
      return;
    }
    ++health_.running;
    if (logging) ++health_.delivered;
    const bool silent = !logging && !young_.Spared(pod);
    if (reads_logs_ && !ships_) {
      if (silent && ++health_.silent == 1) health_.first_silent = pod.Key();
      return CountLogs(pod);
    }
    if (!pod.has_sidecar) return CountWithoutSidecar(pod);
    ++health_.with_sidecar;
    if (target_.WantsSidecar()) CountSidecar(pod);
    if (!ships_) return;
    if (silent && ++health_.silent == 1) health_.first_silent = pod.Key();
    CountLogs(pod);
  }

  // Pods of one template follow each other, and share what they mount.
  bool Outdated(const PodView& pod) {
    if (pod.sidecar_mounts.data() != mounts_.data() || pod.sidecar_image.data() != image_.data() ||
        pod.unseen_logs.data() != unseen_.data()) {
      outdated_ = !OutdatedSidecar(target_, pod, input_.installation).empty();
      mounts_ = pod.sidecar_mounts;
      image_ = pod.sidecar_image;
      unseen_ = pod.unseen_logs;
    }
    return outdated_;
  }

  void CountSidecar(const PodView& pod) {
    if (Outdated(pod)) {
      ++health_.outdated;
      findings_.Add(Reason::kSidecarOutdated, pod);
    }
    if (input_.view.Refused(target_.meta.Key(), pod.ns, pod.name)) {
      ++health_.refused;
      findings_.Add(Reason::kConfigRefused, pod);
    }
  }

  void CountLogs(const PodView& pod) {
    if (ships_ && target_.logs->source == LogsSpec::Source::kFiles &&
        !WhyUnseen(pod, target_.logs->directory).empty()) {
      ++health_.unseen;
      findings_.Add(Reason::kLogsUnseen, pod);
    } else if (!input_.view.Unreadable(pod.ns, LogReaderName(target_, pod)).empty()) {
      ++health_.unreadable;
      findings_.Add(Reason::kLogsUnreadable, pod);
    } else if (ships_ && target_.logs->source == LogsSpec::Source::kFiles &&
               input_.view.NoFiles(pod.ns, pod.name) &&
               input_.now_nanos / 1'000'000'000 - pod.started >= kStalledAfter.count() &&
               !input_.view.Logging(pod.ns, pod.name)) {
      ++health_.no_files;
      findings_.Add(Reason::kNoLogFiles, pod);
    }
    if (target_.WantsOutput() && input_.view.Forbidden(pod.ns, pod.name)) {
      ++health_.forbidden;
      findings_.Add(Reason::kLogsForbidden, pod);
    }
    if (input_.view.StalledSince(pod.ns, LogReaderName(target_, pod))) {
      ++health_.stalled;
      findings_.Add(Reason::kLogsStalled, pod);
    }
  }

  void CountWithoutSidecar(const PodView& pod) {
    if (!target_.WantsSidecar()) return;
    if (pod.opted_out) {
      ++health_.opted_out;
      return;
    }
    ++health_.missing;
    findings_.Add(WithoutSidecarReason(target_, pod, input_.installation), pod);
  }

  // A pod that is being deleted has no problem that anybody must solve.
  void CountScrapes(const PodView& pod) {
    if (!pod.Running()) {
      // A container that cannot run was found already, and a pod that starts is no problem.
      if (!pod.deleting && pod.trouble.empty() && !young_.Young(pod)) {
        findings_.Add(NotRunningReason(pod), pod);
      }
      return;
    }
    Scrapes scrapes;
    if (target_.metrics) CountEndpoints(pod, scrapes);
    // The pod's shared sidecar, whichever resource its target belongs to. Its own page says nothing
    // about the application, unless nothing else is asked for.
    if (target_.WantsSidecar() && pod.has_sidecar) {
      Scrapes ignored;
      CountScrape(pod, kSidecarPage, input_.view.FindSidecar(pod.uid),
                  target_.metrics ? ignored : scrapes);
    }
    if (scrapes.down) {
      ++health_.down;
    } else if (scrapes.endpoints > 0 && scrapes.up == scrapes.endpoints) {
      ++health_.up;
    }
  }

  void CountEndpoints(const PodView& pod, Scrapes& scrapes) {
    const std::vector<int>& ports = endpoints_.Of(pod);
    for (int i = 0; i < static_cast<int>(ports.size()); ++i) {
      const int port = ports[static_cast<std::size_t>(i)];
      if (port == PodEndpoints::kTaken) continue;
      if (port != PodEndpoints::kNoPort) {
        if (!pod.deleting && endpoints_.Ambiguous(pod, static_cast<std::size_t>(i))) {
          findings_.Add(Reason::kPortAmbiguous, pod, i);
        }
        CountScrape(pod, i, reports_.Find(pod.uid, static_cast<std::size_t>(i)), scrapes);
      } else if (!pod.deleting) {
        scrapes.down = true;
        findings_.Add(Reason::kPortNotFound, pod, i);
      }
    }
  }

  void CountScrape(const PodView& pod, int endpoint, const std::optional<Report>& report,
                   Scrapes& scrapes) {
    ++scrapes.endpoints;
    const bool scraped = report && report->state != ScrapeState::kUnknown;
    const bool empty = scraped && report->state == ScrapeState::kUp && endpoint != kSidecarPage &&
                       IsEmpty(pod, endpoint);
    const bool up = scraped && report->state == ScrapeState::kUp && !empty;
    if (up) ++scrapes.up;
    if (pod.deleting) return;
    if (!up && young_.Spared(pod)) {
      ++health_.scrapes_starting;
      return;
    }
    ++health_.scrapes;
    if (up) {
      ++health_.scrapes_up;
    } else if (scraped) {
      ++health_.scrapes_down;
      scrapes.down = true;
      // What becomes of its port says nothing new of a container that cannot run.
      if (pod.trouble.empty() || endpoint == kSidecarPage) {
        findings_.Add(empty ? Reason::kEmptyPage : report->reason, pod, endpoint, report->error);
      }
    } else {
      ++health_.scrapes_pending;
      Pending& first = endpoint == kSidecarPage ? pending_sidecar_ : pending_;
      if (!first.pod) first = {&pod, endpoint};
    }
  }

  bool IsEmpty(const PodView& pod, int endpoint) {
    if (!input_.view.HasEmpty()) return false;
    const auto index = static_cast<std::size_t>(endpoint);
    const int port = endpoints_.Port(pod, index);
    std::string instance = ScrapeAddress(pod.ip, port);
    for (std::size_t i = 0; i < index; ++i) {
      if (endpoints_.Port(pod, i) != port) continue;
      instance = SecondInstance(instance, target_.metrics->endpoints[index]);
      break;
    }
    const std::string& job = target_.metrics->job;
    return input_.view.Empty(pod.ns, pod.name, job.empty() ? target_.meta.Key() : job, instance);
  }

  const StatusInput& input_;
  const MonitoringTarget& target_;
  const bool ships_;       // through the pods' sidecars
  const bool reads_logs_;  // through whatever reads them
  const PrometheusView::OfTarget reports_;
  PodEndpoints endpoints_;
  TargetHealth health_;
  Findings findings_;
  const YoungPods young_;
  Pending pending_, pending_sidecar_;
  bool outdated_ = false;  // of these:
  std::string_view mounts_, image_, unseen_;
};

}  // namespace

const TargetProblem* TargetHealth::Find(std::initializer_list<Reason> reasons) const {
  const auto it = std::ranges::find_if(problems, [&](const TargetProblem& problem) {
    return std::ranges::find(reasons, problem.reason) != reasons.end();
  });
  return it == problems.end() ? nullptr : &*it;
}

TargetHealth Assess(const StatusInput& input) { return Assessor(input).Run(); }

}  // namespace telltale
