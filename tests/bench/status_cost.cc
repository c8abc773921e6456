// SPDX-License-Identifier: Apache-2.0
//
// What one status of a MonitoringTarget costs: 1,000 targets with fifty pods each, step by step, in
// microseconds (the best of five rounds). For whoever changes the index or operator/plan/status:
//
//   build/dev/bin/bench_status
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "operator/plan/status/status_compare.h"
#include "operator/plan/status/target_status.h"
#include "operator/store/cluster_index.h"
#include "tests/fakes/cluster_events.h"

namespace telltale {
namespace {

constexpr int kTargets = 1'000, kPods = 50, kRounds = 5;

struct Cluster {
  ClusterIndex index{{}};
  PrometheusView view, nothing_known;
  std::vector<std::string> keys;
};

void Fill(Cluster& cluster) {
  for (int t = 0; t < kTargets; ++t) {
    const std::string app = "app-" + std::to_string(t), ns = "team-" + std::to_string(t % 100);
    const std::string spec = R"({"selector":{"matchLabels":{"app.kubernetes.io/name":")" + app +
                             R"("}},"metrics":{"endpoints":[{"port":"http"}]}})";
    Send(cluster.index.target_sink(), TargetJson(ns, app, spec));
    cluster.keys.push_back(ns + "/" + app);
    for (int i = 0; i < kPods; ++i) {
      PodSpec pod;
      pod.ns = ns;
      pod.name = app + "-7d9f8c6b5d-x" + std::to_string(i);
      pod.uid = "2f1c0d3e-aaaa-bbbb-cccc-" + std::to_string(100'000'000'000 + t * kPods + i);
      pod.labels = {{"app.kubernetes.io/instance", app},
                    {"app.kubernetes.io/name", app},
                    {"pod-template-hash", "7d9f8c6b5d"},
                    {"team", ns}};
      Send(cluster.index.pod_sink(), PodJson(pod));
      cluster.view.Add(cluster.keys.back(), pod.uid, "0", ns, ScrapeState::kUp, "");
    }
  }
  cluster.view.known = true;
  cluster.view.Seal();
}

std::string Render(const Cluster& cluster, const std::string& key, const PrometheusView& view) {
  const auto matched = cluster.index.Matched(key);
  return RenderTargetStatus({*matched->target, matched->pods, view, {}, 0});
}

template <class F>
void Measure(const char* what, F each) {
  double best = std::numeric_limits<double>::max();
  std::size_t bytes = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = std::chrono::steady_clock::now();
    for (std::size_t t = 0; t < kTargets; ++t) bytes += each(t);
    const auto took = std::chrono::steady_clock::now() - began;
    best = std::min(best, std::chrono::duration<double, std::micro>(took).count() / kTargets);
  }
  std::printf("%-40s %6.1f us%s\n", what, best, bytes == 0 ? " (nothing done)" : "");
}

void Run() {
  Cluster cluster;
  Fill(cluster);
  std::vector<std::string> written;
  for (const auto& key : cluster.keys) written.push_back(Render(cluster, key, cluster.view));
  const auto& keys = cluster.keys;
  Measure("the target and its pods",
          [&](std::size_t t) { return cluster.index.Matched(keys[t])->pods.size(); });
  Measure("and the status, without Prometheus",
          [&](std::size_t t) { return Render(cluster, keys[t], cluster.nothing_known).size(); });
  Measure("and the status, with its reports",
          [&](std::size_t t) { return Render(cluster, keys[t], cluster.view).size(); });
  Measure("whether it differs from the one written", [&](std::size_t t) {
    return StatusDiffers(written[t], written[t]) ? 0 : written[t].size();
  });
}

}  // namespace
}  // namespace telltale

int main() { telltale::Run(); }
