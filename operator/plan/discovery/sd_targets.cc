// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/discovery/sd_targets.h"

#include <set>
#include <tuple>
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

class ScrapePlanner {
 public:
  explicit ScrapePlanner(const std::vector<MatchedTarget>& matched) : matched_(matched) {}

  ScrapePlan Run() {
    for (const auto& entry : matched_) {
      if (!entry.target->suspend) PlanTarget(entry);
    }
    return std::move(plan_);
  }

 private:
  // Pod, address, path and parameters of what is scraped already within one resource: two
  // endpoints that lead to the same page are one, as its samples would otherwise be taken twice.
  // Pods on the host's network share addresses, so for them the pod does not count.
  struct Seen {
    std::set<std::tuple<std::string, std::string, std::string, Labels>> pages;
    std::set<std::pair<std::string, std::string>> addresses;
  };

  void PlanTarget(const MatchedTarget& entry) {
    const MonitoringTarget& target = *entry.target;
    Seen seen;
    for (const auto& pod : entry.pods) {
      if (!pod->Running()) {
        AddNotRunning(target, *pod);
        continue;
      }
      if (target.metrics) {
        for (std::size_t i = 0; i < target.metrics->endpoints.size(); ++i) {
          PlanEndpoint(target, *pod, i, seen);
        }
      }
      if (target.WantsSidecar() && pod->HasSidecar() &&
          plan_.sidecars.emplace(pod->meta.uid, plan_.targets.size()).second) {
        AddSidecar(target, *pod);
      }
    }
  }

  void PlanEndpoint(const MonitoringTarget& target, const Pod& pod, std::size_t index, Seen& seen) {
    const Endpoint& endpoint = target.metrics->endpoints[index];
    const ResolvedPort port = ResolvePort(pod, endpoint);
    if (port.number == 0) {
      AddProblem(target, pod, std::to_string(index), Reason::kPortNotFound,
                 "Pod " + pod.meta.Key() + " " + port.missing +
                     "; correct spec.metrics.endpoints[" + std::to_string(index) + "].");
      return;
    }
    ScrapeTarget scrape = Base(target, pod, port.container, std::to_string(index));
    scrape.address = Address(pod.ip, port.number);
    const std::string owner = pod.host_network ? "" : pod.meta.uid;
    if (!seen.pages.insert({owner, scrape.address, endpoint.path, endpoint.params}).second) return;
    AddEndpointLabels(target, endpoint, pod, scrape.labels);
    // Prometheus makes `instance` of the address alone: a second page there would write into the
    // same series, `up` first of all.
    if (!seen.addresses.insert({pod.meta.uid, scrape.address}).second) {
      SetLabel(scrape.labels, "instance", scrape.address + PageText(endpoint));
    }
    plan_.targets.push_back(std::move(scrape));
  }

  void AddSidecar(const MonitoringTarget& target, const Pod& pod) {
    ScrapeTarget scrape =
        Base(target, pod, std::string(kSidecarContainer), std::string(kSidecarEndpoint));
    scrape.address = Address(pod.ip, kSidecarPort);
    Labels& labels = scrape.labels;
    SetLabel(labels, "job", kSidecarJob);
    SetLabel(labels, "__metrics_path__", "/metrics");
    SetLabel(labels, "__scrape_interval__", kSidecarInterval);
    SetLabel(labels, "__scrape_timeout__", kSidecarTimeout);
    plan_.targets.push_back(std::move(scrape));
  }

  static ScrapeTarget Base(const MonitoringTarget& target, const Pod& pod,
                           const std::string& container, std::string endpoint) {
    ScrapeTarget scrape;
    scrape.target_key = target.meta.Key();
    scrape.pod_uid = pod.meta.uid;
    Labels& labels = scrape.labels;
    labels.reserve(16);
    SetLabel(labels, "__meta_telltale_endpoint", endpoint);
    SetLabel(labels, "__meta_telltale_pod_uid", pod.meta.uid);
    SetLabel(labels, "__meta_telltale_target", scrape.target_key);
    SetLabel(labels, "__scheme__", "http");
    SetLabel(labels, "app", AppLabel(pod.meta.labels, container));
    SetLabel(labels, "container", container);
    SetLabel(labels, "job", scrape.target_key);
    SetLabel(labels, "namespace", pod.meta.ns);
    SetLabel(labels, "node", pod.node);
    SetLabel(labels, "pod", pod.meta.name);
    scrape.endpoint = std::move(endpoint);
    return scrape;
  }

  static void AddEndpointLabels(const MonitoringTarget& target, const Endpoint& endpoint,
                                const Pod& pod, Labels& labels) {
    SetLabel(labels, "__metrics_path__", endpoint.path);
    SetLabel(labels, "__scrape_interval__", DurationText(endpoint.interval_ms));
    SetLabel(labels, "__scrape_timeout__", DurationText(endpoint.timeout_ms));
    for (const auto& [name, value] : endpoint.params) SetLabel(labels, "__param_" + name, value);
    for (const auto& [name, value] : target.metrics->static_labels) SetLabel(labels, name, value);
    for (const auto& [from, to] : target.metrics->from_pod) {
      if (const std::string* value = FindLabel(pod.meta.labels, from)) SetLabel(labels, to, *value);
    }
  }

  void AddNotRunning(const MonitoringTarget& target, const Pod& pod) {
    if (pod.phase == "Running") {
      AddProblem(target, pod, "", Reason::kNoIp,
                 "Pod " + pod.meta.Key() +
                     " has no IP address yet; if it stays so, look at "
                     "kubectl describe pod " +
                     pod.meta.name + " -n " + pod.meta.ns + ".");
      return;
    }
    const std::string phase = pod.phase.empty() ? "Pending" : pod.phase;
    AddProblem(target, pod, "", Reason::kNotRunning,
               "Pod " + pod.meta.Key() + " is not running (phase " + phase +
                   "); kubectl describe pod " + pod.meta.name + " -n " + pod.meta.ns +
                   " says what it waits for.");
  }

  // A pod that is being deleted has no problem that anybody must solve.
  void AddProblem(const MonitoringTarget& target, const Pod& pod, std::string endpoint,
                  Reason reason, std::string message) {
    if (pod.meta.deleting) return;
    plan_.problems.push_back({target.meta.Key(), pod.meta.ns, pod.meta.name, std::move(endpoint),
                              reason, std::move(message)});
  }

  const std::vector<MatchedTarget>& matched_;
  ScrapePlan plan_;
};

}  // namespace

ScrapePlan PlanScrapes(const std::vector<MatchedTarget>& matched) {
  return ScrapePlanner(matched).Run();
}

std::string RenderHttpSd(const ScrapePlan& plan) {
  std::string json;
  json.reserve(plan.targets.size() * 512 + 16);
  JsonWriter writer(&json);
  writer.BeginArray();
  for (const auto& target : plan.targets) {
    writer.BeginObject();
    writer.Key("targets").BeginArray().String(target.address).EndArray();
    writer.Key("labels").BeginObject();
    for (const auto& [name, value] : target.labels) writer.Field(name, value);
    writer.EndObject().EndObject();
  }
  writer.EndArray();
  return json;
}

}  // namespace telltale
