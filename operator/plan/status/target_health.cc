// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_health.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "operator/model/selection.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/pod_endpoints.h"
#include "operator/plan/status/pod_problems.h"
#include "operator/plan/status/status_compare.h"

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
        ships_(target_.WantsSidecar() && target_.logs &&
               target_.logs->collector == LogsSpec::Collector::kSidecar),
        reads_logs_(!target_.suspend && target_.logs),
        reports_(input.view, target_.meta.Key()),
        endpoints_(target_) {}

  TargetHealth Run() {
    health_.matched = static_cast<int>(input_.pods.size());
    spare_young_ = SparesYoung();
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

  std::int64_t Now() const { return input_.now_nanos / 1'000'000'000; }

  // A pod has this long, in seconds, to be scraped and to log: its interval and some time to
  // start. Until then it is no evidence, neither for nor against.
  std::int64_t Grace() const {
    constexpr std::int64_t kStart = 30, kSidecarInterval = 15;
    std::int64_t longest = target_.WantsSidecar() ? kSidecarInterval : 0;
    if (target_.metrics) {
      for (const auto& endpoint : target_.metrics->endpoints) {
        longest = std::max(longest, endpoint.interval_ms / 1000);
      }
    }
    return longest + kStart;
  }

  // Clocks differ: one that started in the future by more than its grace is not young for ever.
  bool Young(const PodView& pod) const {
    const std::int64_t age = Now() - pod.started;
    return pod.started != 0 && age < Grace() && age > -Grace();
  }

  // Young pods are passed over where others, or the pods before them, show that all works. The
  // first pods of a resource are not: nothing else says how it goes.
  bool SparesYoung() {
    bool any_young = false, any_old = false;
    for (const auto& pod : input_.pods) {
      if (pod.deleting) continue;
      const bool young = Young(pod);
      any_young |= young;
      any_old |= !young && pod.Running();
      if (!young) continue;
      const std::int64_t left = pod.started + Grace() - Now() + 1;
      health_.look_again = health_.look_again ? std::min(health_.look_again, left) : left;
    }
    return any_young && (any_old || input_.finished > 0 || WasReady());
  }

  bool WasReady() const {
    const auto old = ReadConditions(target_.status_json);
    return std::ranges::any_of(old, [](const StatusCondition& condition) {
      return condition.type == "Ready" && condition.status == "True";
    });
  }

  void CountPod(const PodView& pod) {
    if (pod.has_sidecar) ++health_.injected;
    const bool logging = reads_logs_ && input_.view.Logging(pod.ns, LogName(pod));
    if (logging) ++health_.logging;
    if (pod.deleting) return;
    if (!pod.trouble.empty() && !target_.suspend) {
      ++health_.unfit;
      findings_.push_back({TroubleReason(pod), &pod});
    }
    if (!pod.Running()) {
      if (Young(pod)) ++health_.starting;
      return;
    }
    ++health_.running;
    if (logging) ++health_.delivered;
    const bool silent = !logging && !(spare_young_ && Young(pod));
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
      findings_.push_back({Reason::kSidecarOutdated, &pod});
    }
    if (input_.view.Refused(target_.meta.Key(), pod.ns, pod.name)) {
      ++health_.refused;
      findings_.push_back({Reason::kConfigRefused, &pod});
    }
  }

  // By which the view knows whoever reads the pod's logs.
  std::string LogName(const PodView& pod) const {
    std::string name(pod.name);
    return ships_ ? name : name.append(kByNodeAgent);
  }

  void CountLogs(const PodView& pod) {
    if (ships_ && target_.logs->source == LogsSpec::Source::kFiles &&
        !WhyUnseen(pod, target_.logs->directory).empty()) {
      ++health_.unseen;
      findings_.push_back({Reason::kLogsUnseen, &pod});
    } else if (!input_.view.Unreadable(pod.ns, LogName(pod)).empty()) {
      ++health_.unreadable;
      findings_.push_back({Reason::kLogsUnreadable, &pod});
    } else if (ships_ && target_.logs->source == LogsSpec::Source::kFiles &&
               input_.view.NoFiles(pod.ns, pod.name) &&
               Now() - pod.started >= kStalledAfter.count() &&
               !input_.view.Logging(pod.ns, pod.name)) {
      ++health_.no_files;
      findings_.push_back({Reason::kNoLogFiles, &pod});
    }
    if (target_.WantsOutput() && input_.view.Forbidden(pod.ns, pod.name)) {
      ++health_.forbidden;
      findings_.push_back({Reason::kLogsForbidden, &pod});
    }
    if (input_.view.StalledSince(pod.ns, LogName(pod))) {
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
    findings_.push_back({WithoutSidecarReason(pod, input_.installation), &pod});
  }

  // A pod that is being deleted has no problem that anybody must solve.
  void CountScrapes(const PodView& pod) {
    if (!pod.Running()) {
      // A container that cannot run was found already, and a pod that starts is no problem.
      if (!pod.deleting && pod.trouble.empty() && !Young(pod)) {
        findings_.push_back({NotRunningReason(pod), &pod});
      }
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
        if (!pod.deleting && endpoints_.Ambiguous(pod, static_cast<std::size_t>(i))) {
          findings_.push_back({Reason::kPortAmbiguous, &pod, i});
        }
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
    const bool empty = scraped && report->state == ScrapeState::kUp && endpoint != kSidecar &&
                       IsEmpty(pod, endpoint);
    const bool up = scraped && report->state == ScrapeState::kUp && !empty;
    if (up) ++scrapes.up;
    if (pod.deleting) return;
    if (!up && spare_young_ && Young(pod)) {
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
      if (pod.trouble.empty() || endpoint == kSidecar) {
        findings_.push_back(
            {empty ? Reason::kEmptyPage : report->reason, &pod, endpoint, report->error});
      }
    } else {
      ++health_.scrapes_pending;
      Pending& first = endpoint == kSidecar ? pending_sidecar_ : pending_;
      if (!first.pod) first = {&pod, endpoint};
    }
  }

  bool IsEmpty(const PodView& pod, int endpoint) {
    if (!input_.view.HasEmpty()) return false;
    const int port = endpoints_.Port(pod, static_cast<std::size_t>(endpoint));
    return input_.view.Empty(pod.ns, pod.name, ScrapeAddress(pod.ip, port));
  }

  void AddResourceProblems() {
    if (target_.logs && !input_.installation.log_store) {
      AddResourceProblem(Reason::kNoLogStore, Sentence(Reason::kNoLogStore));
    } else if (NodeAgentMissing(input_)) {
      AddResourceProblem(Reason::kNoNodeAgent, Sentence(Reason::kNoNodeAgent));
    }
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
    if (selects && health_.matched == 0 && input_.finished == 0) {
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
      case Reason::kInjectionOff:
      case Reason::kHostNetwork:
        return WithoutSidecarText(pod, finding.reason, input_.installation);
      case Reason::kSidecarOutdated:
        return SidecarOutdatedText(pod, OutdatedSidecar(target_, pod, input_.installation));
      case Reason::kConfigRefused:
        return ConfigRefusedText(pod);
      case Reason::kImagePull:
      case Reason::kCrashLoop:
      case Reason::kCannotStart:
        return TroubleText(pod, finding.reason);
      case Reason::kLogsUnreadable:
        return LogsUnreadableText(pod, input_.view.Unreadable(pod.ns, LogName(pod)));
      case Reason::kNoLogFiles:
        return NoLogFilesText(pod, *target_.logs);
      case Reason::kPortAmbiguous:
        return PortAmbiguousText(pod, target_.metrics->endpoints[index], index);
      case Reason::kNoIp:
      case Reason::kNotRunning:
        return NotRunningText(pod, finding.reason);
      case Reason::kLogsUnseen:
        return LogsUnseenText(pod, target_.logs->directory);
      case Reason::kLogsForbidden:
        return LogsForbiddenText(pod);
      case Reason::kLogsStalled:
        return LogsStalledText(pod, *input_.view.StalledSince(pod.ns, LogName(pod)), ships_);
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
  const bool ships_;       // through the pods' sidecars
  const bool reads_logs_;  // through whatever reads them
  const PrometheusView::OfTarget reports_;
  PodEndpoints endpoints_;
  TargetHealth health_;
  std::vector<Finding> findings_;
  Pending pending_, pending_sidecar_;
  bool spare_young_ = false;
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

bool NodeAgentMissing(const StatusInput& input) {
  const MonitoringTarget& target = input.target;
  if (target.suspend || !target.logs || input.installation.promtail) return false;
  if (target.logs->collector != LogsSpec::Collector::kNode || !input.view.known) return false;
  return input.view.node_agents() == 0 && !input.installation.agents_ask;
}

bool ConfigMissing(const StatusInput& input) {
  const MonitoringTarget& target = input.target;
  const bool node = input.installation.promtail && !target.suspend && target.logs &&
                    target.logs->collector == LogsSpec::Collector::kNode;
  if (!input.installation.writes_config || (!target.WantsSidecar() && !node)) return false;
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
