// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_health.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "operator/model/selection.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/pod_endpoints.h"
#include "operator/plan/status/pod_problems.h"

namespace telltale {
namespace {

constexpr int kNoEndpoint = -1;
constexpr int kSidecar = -2;

std::string EndpointName(int endpoint) {
  if (endpoint == kNoEndpoint) return "";
  return endpoint == kSidecar ? std::string(kSidecarEndpoint) : std::to_string(endpoint);
}

// A problem before it is a sentence, which only the worst become.
struct Finding {
  Reason reason;
  const PodView* pod = nullptr;  // null: it is about the resource, and `text` is the sentence
  int endpoint = kNoEndpoint;
  std::string_view error = {};  // of a scrape
  std::string text = {};
};

// As namespace/name are ordered.
bool KeyBefore(const PodView& a, const PodView& b) {
  return a.ns == b.ns ? a.name < b.name : a.Key() < b.Key();
}

bool Worse(const Finding& a, const Finding& b) {
  if (a.reason != b.reason) return a.reason < b.reason;
  if (a.pod != b.pod) return !a.pod || (b.pod && KeyBefore(*a.pod, *b.pod));
  if (a.endpoint != b.endpoint) return EndpointName(a.endpoint) < EndpointName(b.endpoint);
  return a.text < b.text;
}

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
        ships_(target_.WantsSidecar() && target_.logs),
        reports_(input.view, target_.meta.Key()),
        endpoints_(target_) {}

  TargetHealth Run() {
    health_.matched = static_cast<int>(input_.pods.size());
    for (const auto& pod : input_.pods) {
      CountPod(pod);
      if (!target_.suspend) CountScrapes(pod);
    }
    if (target_.suspend) return std::move(health_);
    if (const Pending& first = pending_.pod ? pending_ : pending_sidecar_; first.pod) {
      health_.first_pending =
          "pod " + first.pod->Key() + ", endpoint " + EndpointName(first.endpoint);
    }
    AddResourceProblems();
    WriteProblems();
    return std::move(health_);
  }

 private:
  using Report = PrometheusView::Report;

  void CountPod(const PodView& pod) {
    if (pod.has_sidecar) ++health_.injected;
    const bool logging = ships_ && input_.view.Logging(pod.ns, pod.name);
    if (logging) ++health_.logging;
    if (!pod.Running() || pod.deleting) return;
    ++health_.running;
    if (!pod.has_sidecar) return CountWithoutSidecar(pod);
    ++health_.with_sidecar;
    if (ships_ && !logging && ++health_.silent == 1) health_.first_silent = pod.Key();
    if (ships_ && target_.logs->collector == LogsSpec::Collector::kSidecar) CountLogs(pod);
  }

  void CountLogs(const PodView& pod) {
    if (target_.logs->source == LogsSpec::Source::kFiles &&
        !WhyUnseen(pod, target_.logs->directory).empty()) {
      ++health_.unseen;
      findings_.push_back({Reason::kLogsUnseen, &pod});
    }
    if (target_.WantsOutput() && input_.view.Forbidden(pod.ns, pod.name)) {
      ++health_.forbidden;
      findings_.push_back({Reason::kLogsForbidden, &pod});
    }
    if (input_.view.StalledSince(pod.ns, pod.name)) {
      ++health_.stalled;
      findings_.push_back({Reason::kLogsStalled, &pod});
    }
  }

  void CountWithoutSidecar(const PodView& pod) {
    if (!target_.WantsSidecar()) return;
    if (pod.opted_out) {
      ++health_.opted_out;
      return;
    }
    ++health_.missing;
    findings_.push_back({WithoutSidecarReason(pod), &pod});
  }

  // A pod that is being deleted has no problem that anybody must solve.
  void CountScrapes(const PodView& pod) {
    if (!pod.Running()) {
      if (!pod.deleting) findings_.push_back({NotRunningReason(pod), &pod});
      return;
    }
    Scrapes scrapes;
    if (target_.metrics) CountEndpoints(pod, scrapes);
    // The pod's shared sidecar, whichever resource its target belongs to. Its own page says nothing
    // about the application, unless nothing else is asked for.
    if (target_.WantsSidecar() && pod.has_sidecar) {
      Scrapes ignored;
      CountScrape(pod, kSidecar, input_.view.FindSidecar(pod.uid),
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
        CountScrape(pod, i, reports_.Find(pod.uid, static_cast<std::size_t>(i)), scrapes);
      } else if (!pod.deleting) {
        scrapes.down = true;
        findings_.push_back({Reason::kPortNotFound, &pod, i});
      }
    }
  }

  void CountScrape(const PodView& pod, int endpoint, const std::optional<Report>& report,
                   Scrapes& scrapes) {
    ++scrapes.endpoints;
    const bool scraped = report && report->state != ScrapeState::kUnknown;
    const bool up = scraped && report->state == ScrapeState::kUp;
    if (up) ++scrapes.up;
    if (pod.deleting) return;
    ++health_.scrapes;
    if (up) {
      ++health_.scrapes_up;
    } else if (scraped) {
      ++health_.scrapes_down;
      scrapes.down = true;
      findings_.push_back({report->reason, &pod, endpoint, report->error});
    } else {
      ++health_.scrapes_pending;
      Pending& first = endpoint == kSidecar ? pending_sidecar_ : pending_;
      if (!first.pod) first = {&pod, endpoint};
    }
  }

  void AddResourceProblems() {
    for (const auto& sentence : target_.invalid) {
      AddResourceProblem(Reason::kInvalid, sentence + ".");
    }
    if (AsksBeyondTrust(target_, input_.trusted_namespaces)) {
      AddResourceProblem(Reason::kNotTrusted,
                         "spec.namespaceSelector asks for namespaces other than " +
                             target_.meta.ns + ", which the operator does not trust with them: " +
                             std::string(Info(Reason::kNotTrusted).fix) + ".");
    }
    for (const auto& problem : input_.config.problems) {
      AddResourceProblem(problem.reason, problem.message);
    }
    const bool selects = !target_.selector.empty() || target_.selector.match_all;
    if (selects && health_.matched == 0) {
      AddResourceProblem(
          Reason::kNoPodsMatched,
          "No pod in " + SearchedNamespaces(target_, input_.trusted_namespaces) +
              " matches spec.selector: " + std::string(Info(Reason::kNoPodsMatched).fix) + ".");
    }
  }

  void AddResourceProblem(Reason reason, std::string text) {
    Finding& finding = findings_.emplace_back();
    finding.reason = reason;
    finding.text = std::move(text);
  }

  void WriteProblems() {
    health_.problems_count = findings_.size();
    std::ranges::sort(findings_, Worse);
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      const Finding& finding = findings_[i];
      if (i >= kShownProblems && finding.reason == findings_[i - 1].reason) continue;
      health_.problems.push_back({finding.pod ? finding.pod->Key() : "",
                                  EndpointName(finding.endpoint), finding.reason, Text(finding)});
    }
  }

  std::string Text(const Finding& finding) {
    if (!finding.pod) return finding.text;
    const PodView& pod = *finding.pod;
    const auto index = static_cast<std::size_t>(finding.endpoint);
    switch (finding.reason) {
      case Reason::kSidecarMissing:
      case Reason::kSidecarImpossible:
      case Reason::kHostNetwork:
        return WithoutSidecarText(pod, finding.reason);
      case Reason::kNoIp:
      case Reason::kNotRunning:
        return NotRunningText(pod, finding.reason);
      case Reason::kLogsUnseen:
        return LogsUnseenText(pod, target_.logs->directory);
      case Reason::kLogsForbidden:
        return LogsForbiddenText(pod);
      case Reason::kLogsStalled:
        return LogsStalledText(pod, *input_.view.StalledSince(pod.ns, pod.name));
      case Reason::kPortNotFound:
        return PortNotFoundText(pod, target_.metrics->endpoints[index], index);
      default:
        break;
    }
    if (finding.endpoint == kSidecar) {
      return ScrapeFailedText(pod, kSidecarPort, "/metrics", finding.reason, finding.error);
    }
    return ScrapeFailedText(pod, endpoints_.Port(pod, index),
                            target_.metrics->endpoints[index].path, finding.reason, finding.error);
  }

  const StatusInput& input_;
  const MonitoringTarget& target_;
  const bool ships_;
  const PrometheusView::OfTarget reports_;
  PodEndpoints endpoints_;
  TargetHealth health_;
  std::vector<Finding> findings_;
  Pending pending_, pending_sidecar_;
};

}  // namespace

const TargetProblem* TargetHealth::Find(std::initializer_list<Reason> reasons) const {
  const auto it = std::ranges::find_if(problems, [&](const TargetProblem& problem) {
    return std::ranges::find(reasons, problem.reason) != reasons.end();
  });
  return it == problems.end() ? nullptr : &*it;
}

TargetHealth Assess(const StatusInput& input) { return Assessor(input).Run(); }

bool ConfigMissing(const StatusInput& input) {
  const MonitoringTarget& target = input.target;
  const bool node = input.promtail && !target.suspend && target.logs &&
                    target.logs->collector == LogsSpec::Collector::kNode;
  if (!input.writes_config || (!target.WantsSidecar() && !node)) return false;
  if (!input.config.problems.empty()) return true;
  // In other namespaces without pods there need not be a ConfigMap, as they need not exist.
  if (!input.config.written) {
    const bool selects = !target.selector.empty() || target.selector.match_all;
    return selects && (!target.namespaces || !input.pods.empty());
  }
  return *input.config.written < target.meta.generation;
}

std::string SearchedNamespaces(const MonitoringTarget& target,
                               const std::set<std::string>& trusted_namespaces) {
  const std::string own = "namespace " + target.meta.ns;
  if (!target.namespaces || !trusted_namespaces.contains(target.meta.ns)) return own;
  if (target.namespaces->any) return "any namespace";
  if (target.namespaces->labels) return "the namespaces that spec.namespaceSelector selects";
  const auto& names = target.namespaces->names;
  return (names.size() == 1 ? "namespace " : "namespaces ") + Join(names, ", ");
}

}  // namespace telltale
