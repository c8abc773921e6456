// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/discovery/pod_scrapes.h"

#include <algorithm>
#include <utility>

#include "common/text/json_writer.h"
#include "operator/plan/discovery/port_resolver.h"
#include "operator/plan/duration_text.h"

namespace telltale {
namespace {

constexpr std::string_view kSidecarJob = "telltale-sidecar";
constexpr std::string_view kSidecarInterval = "15s";
constexpr std::string_view kSidecarTimeout = "10s";

std::string Address(const std::string& ip, int port) {
  const bool v6 = ip.find(':') != std::string::npos;
  return (v6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

// "/path?a=b&c": tells pages at one address apart; for people, so nothing is escaped.
std::string PageText(const Endpoint& endpoint) {
  std::string text = endpoint.path;
  char separator = '?';
  for (const auto& [name, value] : endpoint.params) {
    text.append(1, separator).append(name).append("=").append(value);
    separator = '&';
  }
  return text;
}

// Plans one pod of one target.
class PodPlanner {
 public:
  PodPlanner(const MonitoringTarget& target, const Pod& pod, TakenPages& taken, PodScrapes& out)
      : target_(target),
        pod_(pod),
        taken_(taken),
        out_(out),
        first_(out.targets.size()),
        key_(target.meta.Key()) {}

  void Run(bool lists_sidecar) {
    if (!pod_.Running()) return AddNotRunning();
    if (target_.metrics) {
      for (std::size_t i = 0; i < target_.metrics->endpoints.size(); ++i) PlanEndpoint(i);
    }
    if (lists_sidecar && target_.WantsSidecar() && pod_.HasSidecar()) AddSidecar();
  }

 private:
  void PlanEndpoint(std::size_t index) {
    const Endpoint& endpoint = target_.metrics->endpoints[index];
    ResolvedPort port = ResolvePort(pod_, endpoint);
    if (port.number == 0) {
      AddProblem(std::to_string(index), Reason::kPortNotFound,
                 "Pod " + pod_.meta.Key() + " " + port.missing +
                     "; correct spec.metrics.endpoints[" + std::to_string(index) + "].");
      return;
    }
    std::string address = Address(pod_.ip, port.number);
    if (!taken_.Take(address, endpoint)) return;
    const bool second = HasAddress(address);
    ScrapeTarget& scrape = Add(port.container, std::to_string(index), std::move(address));
    AddEndpointLabels(endpoint, scrape.labels);
    // Prometheus makes `instance` of the address alone: a second page there would write into the
    // same series, `up` first of all.
    if (second) SetLabel(scrape.labels, "instance", scrape.address + PageText(endpoint));
  }

  bool HasAddress(const std::string& address) const {
    return std::any_of(out_.targets.begin() + static_cast<std::ptrdiff_t>(first_),
                       out_.targets.end(),
                       [&](const ScrapeTarget& scrape) { return scrape.address == address; });
  }

  void AddSidecar() {
    Labels& labels = Add(std::string(kSidecarContainer), std::string(kSidecarEndpoint),
                         Address(pod_.ip, kSidecarPort))
                         .labels;
    SetLabel(labels, "job", kSidecarJob);
    SetLabel(labels, "__metrics_path__", "/metrics");
    SetLabel(labels, "__scrape_interval__", kSidecarInterval);
    SetLabel(labels, "__scrape_timeout__", kSidecarTimeout);
  }

  ScrapeTarget& Add(const std::string& container, std::string endpoint, std::string address) {
    ScrapeTarget& scrape = out_.targets.emplace_back();
    scrape.address = std::move(address);
    scrape.target_key = key_;
    scrape.pod_uid = pod_.meta.uid;
    Labels& labels = scrape.labels;
    labels.reserve(16);
    // In the order in which they will stand.
    labels.emplace_back("__meta_telltale_endpoint", endpoint);
    labels.emplace_back("__meta_telltale_pod_uid", pod_.meta.uid);
    labels.emplace_back("__meta_telltale_target", key_);
    labels.emplace_back("__scheme__", "http");
    labels.emplace_back("app", AppLabel(pod_.meta.labels, container));
    labels.emplace_back("container", container);
    labels.emplace_back("job", key_);
    labels.emplace_back("namespace", pod_.meta.ns);
    labels.emplace_back("node", pod_.node);
    labels.emplace_back("pod", pod_.meta.name);
    scrape.endpoint = std::move(endpoint);
    return scrape;
  }

  void AddEndpointLabels(const Endpoint& endpoint, Labels& labels) const {
    SetLabel(labels, "__metrics_path__", endpoint.path);
    SetLabel(labels, "__scrape_interval__", DurationText(endpoint.interval_ms));
    SetLabel(labels, "__scrape_timeout__", DurationText(endpoint.timeout_ms));
    for (const auto& [name, value] : endpoint.params) SetLabel(labels, "__param_" + name, value);
    for (const auto& [name, value] : target_.metrics->static_labels) SetLabel(labels, name, value);
    for (const auto& [from, to] : target_.metrics->from_pod) {
      if (const std::string* value = FindLabel(pod_.meta.labels, from))
        SetLabel(labels, to, *value);
    }
  }

  void AddNotRunning() {
    if (pod_.phase == "Running") {
      AddProblem("", Reason::kNoIp,
                 "Pod " + pod_.meta.Key() +
                     " has no IP address yet; if it stays so, look at kubectl describe pod " +
                     pod_.meta.name + " -n " + pod_.meta.ns + ".");
      return;
    }
    const std::string phase = pod_.phase.empty() ? "Pending" : pod_.phase;
    AddProblem("", Reason::kNotRunning,
               "Pod " + pod_.meta.Key() + " is not running (phase " + phase +
                   "); kubectl describe pod " + pod_.meta.name + " -n " + pod_.meta.ns +
                   " says what it waits for.");
  }

  // A pod that is being deleted has no problem that anybody must solve.
  void AddProblem(std::string endpoint, Reason reason, std::string message) {
    if (pod_.meta.deleting) return;
    out_.problems.push_back(
        {key_, pod_.meta.ns, pod_.meta.name, std::move(endpoint), reason, std::move(message)});
  }

  const MonitoringTarget& target_;
  const Pod& pod_;
  TakenPages& taken_;
  PodScrapes& out_;
  const std::size_t first_;  // of this pod, in out_.targets
  const std::string key_;
};

}  // namespace

bool TakenPages::Take(const std::string& address, const Endpoint& endpoint) {
  std::string page = address;
  page.append(1, '\0').append(endpoint.path);
  for (const auto& [name, value] : endpoint.params) {
    page.append(1, '\0').append(name).append(1, '\0').append(value);
  }
  return pages_.insert(std::move(page)).second;
}

void PlanPod(const MonitoringTarget& target, const Pod& pod, bool lists_sidecar, TakenPages& taken,
             PodScrapes& out) {
  if (!target.suspend) PodPlanner(target, pod, taken, out).Run(lists_sidecar);
}

void AppendHttpSd(const ScrapeTarget& scrape, std::string& out) {
  out += R"({"targets":[)";
  AppendJsonString(scrape.address, out);
  out += R"(],"labels":{)";
  for (std::size_t i = 0; i < scrape.labels.size(); ++i) {
    if (i > 0) out += ',';
    AppendJsonString(scrape.labels[i].first, out);
    out += ':';
    AppendJsonString(scrape.labels[i].second, out);
  }
  out += "}}";
}

}  // namespace telltale
