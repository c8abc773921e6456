// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/discovery/pod_scrapes.h"

#include <algorithm>
#include <utility>

#include "common/text/json_writer.h"
#include "operator/model/metric_filter.h"
#include "operator/model/workload.h"
#include "operator/plan/discovery/port_resolver.h"
#include "operator/plan/duration_text.h"

namespace telltale {
namespace {

constexpr std::string_view kSidecarJob = "telltale-sidecar";
constexpr std::string_view kSidecarInterval = "15s";
constexpr std::string_view kSidecarTimeout = "10s";

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
  PodPlanner(const MonitoringTarget& target, const Pod& pod, std::string_view cluster,
             TakenPages& taken, std::vector<ScrapeTarget>& out)
      : target_(target),
        pod_(pod),
        cluster_(cluster),
        taken_(taken),
        out_(out),
        first_(out.size()),
        key_(target.meta.Key()) {}

  void Run(bool lists_sidecar) {
    if (!pod_.Running()) return;
    if (target_.metrics) {
      for (std::size_t i = 0; i < target_.metrics->endpoints.size(); ++i) PlanEndpoint(i);
    }
    if (lists_sidecar && target_.WantsSidecar() && pod_.HasSidecar()) AddSidecar();
  }

 private:
  void PlanEndpoint(std::size_t index) {
    const Endpoint& endpoint = target_.metrics->endpoints[index];
    const ResolvedPort port = ResolvePort(pod_.containers, endpoint);
    if (port.number == 0) return;
    std::string address = ScrapeAddress(pod_.ip, port.number);
    if (!taken_.Take(address, endpoint)) return;
    const bool second = HasAddress(address);
    ScrapeTarget& scrape = Add(port.container, std::to_string(index), std::move(address));
    AddEndpointLabels(endpoint, scrape.labels);
    scrape.document = DocumentName(endpoint);
    // Prometheus makes `instance` of the address alone: a second page there would write into the
    // same series, `up` first of all.
    if (second) SetLabel(scrape.labels, "instance", SecondInstance(scrape.address, endpoint));
  }

  bool HasAddress(const std::string& address) const {
    return std::any_of(out_.begin() + static_cast<std::ptrdiff_t>(first_), out_.end(),
                       [&](const ScrapeTarget& scrape) { return scrape.address == address; });
  }

  void AddSidecar() {
    Labels& labels = Add(std::string(kSidecarContainer), std::string(kSidecarEndpoint),
                         ScrapeAddress(pod_.ip, kSidecarPort))
                         .labels;
    SetLabel(labels, "job", kSidecarJob);
    SetLabel(labels, "__metrics_path__", "/metrics");
    SetLabel(labels, "__scrape_interval__", kSidecarInterval);
    SetLabel(labels, "__scrape_timeout__", kSidecarTimeout);
  }

  ScrapeTarget& Add(const std::string& container, std::string endpoint, std::string address) {
    ScrapeTarget& scrape = out_.emplace_back();
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
    if (!cluster_.empty()) labels.emplace_back("cluster", cluster_);
    labels.emplace_back("container", container);
    labels.emplace_back("job", key_);
    labels.emplace_back("namespace", pod_.meta.ns);
    labels.emplace_back("node", pod_.node);
    labels.emplace_back("pod", pod_.meta.name);
    scrape.endpoint = std::move(endpoint);
    return scrape;
  }

  // After those that the resource names: it asks for these by name, too.
  void AddWorkload(Labels& labels) const {
    if (!target_.metrics->workload && !target_.metrics->workload_type) return;
    Workload workload = WorkloadOf(pod_);
    if (target_.metrics->workload) SetLabel(labels, "workload", std::move(workload.name));
    if (target_.metrics->workload_type) SetLabel(labels, "workload_type", std::move(workload.type));
  }

  void AddEndpointLabels(const Endpoint& endpoint, Labels& labels) const {
    if (endpoint.https) SetLabel(labels, "__scheme__", "https");
    if (!target_.metrics->job.empty()) SetLabel(labels, "job", target_.metrics->job);
    if (endpoint.native_histograms) SetLabel(labels, "__scrape_native_histograms__", "true");
    SetLabel(labels, "__metrics_path__", endpoint.path);
    SetLabel(labels, "__scrape_interval__", DurationText(endpoint.interval_ms));
    SetLabel(labels, "__scrape_timeout__", DurationText(endpoint.timeout_ms));
    for (const auto& [name, value] : endpoint.params) SetLabel(labels, "__param_" + name, value);
    for (const auto& [name, value] : target_.metrics->static_labels) SetLabel(labels, name, value);
    for (const auto& [from, to] : target_.metrics->from_pod) {
      if (const std::string* value = FindLabel(pod_.meta.labels, from))
        SetLabel(labels, to, *value);
    }
    AddWorkload(labels);
  }

  const MonitoringTarget& target_;
  const Pod& pod_;
  const std::string_view cluster_;
  TakenPages& taken_;
  std::vector<ScrapeTarget>& out_;
  const std::size_t first_;  // of this pod, in out_
  const std::string key_;
};

}  // namespace

std::string SecondInstance(const std::string& address, const Endpoint& endpoint) {
  return address + PageText(endpoint);
}

std::string ScrapeAddress(std::string_view ip, int port) {
  const bool v6 = ip.find(':') != std::string_view::npos;
  std::string address(v6 ? "[" : "");
  return address.append(ip).append(v6 ? "]:" : ":").append(std::to_string(port));
}

bool TakenPages::Take(const std::string& address, const Endpoint& endpoint) {
  std::string page = address;
  page.append(1, '\0').append(endpoint.https ? "s" : "").append(endpoint.path);
  for (const auto& [name, value] : endpoint.params) {
    page.append(1, '\0').append(name).append(1, '\0').append(value);
  }
  return pages_.insert(std::move(page)).second;
}

void PlanPod(const MonitoringTarget& target, const Pod& pod, bool lists_sidecar, TakenPages& taken,
             std::vector<ScrapeTarget>& out, std::string_view cluster) {
  if (!target.suspend) PodPlanner(target, pod, cluster, taken, out).Run(lists_sidecar);
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
