// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_health.h"

#include <algorithm>
#include <optional>
#include <span>
#include <tuple>
#include <unordered_map>

namespace telltale {
namespace {

constexpr std::string_view kInject = "telltale.dev/inject";

// Both lists of a ScrapePlan are grouped by target in the order of the keys.
template <class T>
std::span<const T> OfTarget(const std::vector<T>& all, const std::string& key) {
  const auto range = std::ranges::equal_range(all, key, {}, &T::target_key);
  return {range.begin(), range.end()};
}

// Why injection leaves this pod out, or "": what admission decides (sidecar_patch.cc), and the
// namespaces that the webhook's namespaceSelector always excludes (helm/, manifests/). That it
// excludes the operator's own namespace as well is not known here.
std::string WhyImpossible(const Pod& pod) {
  if (pod.meta.ns == "kube-system" || pod.meta.ns == "kube-node-lease") {
    return "injection leaves out namespace " + pod.meta.ns;
  }
  if (FindLabel(pod.meta.annotations, kMirrorAnnotation)) {
    return "it is a static pod, which admission cannot change";
  }
  if (pod.windows) return "it runs Windows, and the sidecar runs on Linux";
  for (const auto& container : pod.containers) {
    for (const auto& port : container.ports) {
      if (port.number != kSidecarPort) continue;
      return "its container " + container.name + " uses the sidecar's port " +
             std::to_string(kSidecarPort);
    }
  }
  return "";
}

struct PodCount {
  const Pod* pod = nullptr;
  int endpoints = 0;
  int up = 0;
  bool down = false;
};

class Assessor {
 public:
  explicit Assessor(const StatusInput& input)
      : input_(input), target_(*input.matched.target), key_(target_.meta.Key()) {}

  TargetHealth Run() {
    health_.matched = static_cast<int>(input_.matched.pods.size());
    for (const auto& pod : input_.matched.pods) CountPod(*pod);
    if (target_.suspend) return std::move(health_);
    AddResourceProblems();
    for (const auto& problem : OfTarget(input_.plan.problems, key_)) AddPlanProblem(problem);
    for (const auto& scrape : OfTarget(input_.plan.targets, key_)) {
      if (scrape.endpoint != kSidecarEndpoint) {
        CountScrape(scrape, input_.view.Find(key_, scrape.pod_uid, scrape.endpoint));
      }
    }
    if (target_.WantsSidecar()) CountSidecars();
    for (const auto& [uid, count] : pods_) {
      if (count.down) {
        ++health_.down;
      } else if (count.endpoints > 0 && count.up == count.endpoints) {
        ++health_.up;
      }
    }
    std::ranges::sort(health_.problems, {}, [](const TargetProblem& p) {
      return std::tie(p.reason, p.pod, p.endpoint, p.message);
    });
    return std::move(health_);
  }

 private:
  using Report = PrometheusView::Report;

  void CountPod(const Pod& pod) {
    pods_[pod.meta.uid].pod = &pod;
    uids_[pod.meta.Key()] = pod.meta.uid;
    if (pod.HasSidecar()) ++health_.injected;
    const bool ships = target_.WantsSidecar() && target_.logs;
    const bool logging = ships && input_.view.Logging(pod.meta.Key());
    if (logging) ++health_.logging;
    if (!pod.Running() || pod.meta.deleting) return;
    ++health_.running;
    if (!pod.HasSidecar()) return CountWithoutSidecar(pod);
    ++health_.with_sidecar;
    if (ships && !logging && ++health_.silent == 1) health_.first_silent = pod.meta.Key();
  }

  void CountWithoutSidecar(const Pod& pod) {
    if (!target_.WantsSidecar()) return;
    const std::string* inject = FindLabel(pod.meta.annotations, kInject);
    if (inject && *inject == "false") {
      ++health_.opted_out;
      return;
    }
    ++health_.missing;
    Reason reason = Reason::kSidecarMissing;
    std::string cause, fix;
    if (pod.host_network) {
      reason = Reason::kHostNetwork;
    } else if (cause = WhyImpossible(pod); !cause.empty()) {
      reason = Reason::kSidecarImpossible;
    } else {
      fix = "restart its workload, as in kubectl rollout restart deployment NAME -n " + pod.meta.ns;
    }
    if (cause.empty()) cause = Info(reason).cause;
    if (fix.empty()) fix = Info(reason).fix;
    health_.problems.push_back(
        {pod.meta.Key(), "", reason,
         "Pod " + pod.meta.Key() + " has no sidecar: " + cause + "; " + fix + "."});
  }

  void AddResourceProblems() {
    for (const auto& sentence : target_.invalid) {
      health_.problems.push_back({"", "", Reason::kInvalid, sentence + "."});
    }
    if (AsksBeyondTrust(target_, input_.trusted_namespaces)) {
      health_.problems.push_back({"", "", Reason::kNotTrusted,
                                  "spec.namespaceSelector asks for namespaces other than " +
                                      target_.meta.ns +
                                      ", which the operator does not trust with them: " +
                                      std::string(Info(Reason::kNotTrusted).fix) + "."});
    }
    const bool selects = !target_.selector.empty() || target_.selector.match_all;
    if (selects && health_.matched == 0) {
      health_.problems.push_back(
          {"", "", Reason::kNoPodsMatched,
           "No pod in " + SearchedNamespaces(target_, input_.trusted_namespaces) +
               " matches spec.selector: " + std::string(Info(Reason::kNoPodsMatched).fix) + "."});
    }
  }

  void AddPlanProblem(const EndpointProblem& problem) {
    const std::string pod = problem.pod_namespace + "/" + problem.pod_name;
    if (problem.reason == Reason::kPortNotFound) {
      if (const auto uid = uids_.find(pod); uid != uids_.end()) pods_[uid->second].down = true;
    }
    health_.problems.push_back({pod, problem.endpoint, problem.reason, problem.message});
  }

  // The pods' shared sidecars, whichever resource their targets belong to.
  void CountSidecars() {
    for (const auto& pod : input_.matched.pods) {
      const auto planned = input_.plan.sidecars.find(pod->meta.uid);
      if (planned == input_.plan.sidecars.end()) continue;
      CountScrape(input_.plan.targets[planned->second], input_.view.FindSidecar(pod->meta.uid));
    }
  }

  void CountScrape(const ScrapeTarget& scrape, const std::optional<Report>& report) {
    const auto found = pods_.find(scrape.pod_uid);
    if (found == pods_.end()) return;
    PodCount& count = found->second;
    // The sidecar's own page says nothing about the application, unless nothing else is asked for.
    const bool counts = !target_.metrics || scrape.endpoint != kSidecarEndpoint;
    if (counts) ++count.endpoints;
    const bool scraped = report && report->state != ScrapeState::kUnknown;
    const bool up = scraped && report->state == ScrapeState::kUp;
    if (counts && up) ++count.up;
    if (count.pod->meta.deleting) return;
    ++health_.scrapes;
    if (up) {
      ++health_.scrapes_up;
    } else if (scraped) {
      ++health_.scrapes_down;
      if (counts) count.down = true;
      AddScrapeProblem(*count.pod, scrape, *report);
    } else if (++health_.scrapes_pending == 1) {
      health_.first_pending = "pod " + count.pod->meta.Key() + ", endpoint " + scrape.endpoint;
    }
  }

  void AddScrapeProblem(const Pod& pod, const ScrapeTarget& scrape, const Report& report) {
    const Reason reason = report.reason;
    const std::string* path = FindLabel(scrape.labels, "__metrics_path__");
    health_.problems.push_back({pod.meta.Key(), scrape.endpoint, reason,
                                "Pod " + pod.meta.Key() + " at http://" + scrape.address +
                                    (path ? *path : "") + ": " + std::string(Info(reason).cause) +
                                    "; " + std::string(Info(reason).fix) +
                                    " (Prometheus says: " + std::string(report.error) + ")."});
  }

  const StatusInput& input_;
  const MonitoringTarget& target_;
  const std::string key_;
  TargetHealth health_;
  std::unordered_map<std::string, PodCount> pods_;     // by uid
  std::unordered_map<std::string, std::string> uids_;  // by namespace/name
};

}  // namespace

const TargetProblem* TargetHealth::Find(std::initializer_list<Reason> reasons) const {
  const auto it = std::ranges::find_if(problems, [&](const TargetProblem& problem) {
    return std::ranges::find(reasons, problem.reason) != reasons.end();
  });
  return it == problems.end() ? nullptr : &*it;
}

TargetHealth Assess(const StatusInput& input) { return Assessor(input).Run(); }

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
