// SPDX-License-Identifier: Apache-2.0
#include "operator/serve/node_logs.h"

#include <algorithm>
#include <utility>

#include "operator/plan/configs/node_logs.h"

namespace telltale {
namespace {

Counter& RequestCounter(Registry& registry, const char* code) {
  return registry.AddCounter("telltale_node_log_requests_total",
                             "Requests of node agents for the pods they read, by HTTP status.",
                             {{"code", code}});
}

}  // namespace

NodeLogs::NodeLogs(const ClusterIndex& index, Registry& registry, Clock& clock)
    : index_(index),
      clock_(clock),
      served_(RequestCounter(registry, "200")),
      unchanged_(RequestCounter(registry, "304")),
      refused_(RequestCounter(registry, "503")) {}

HttpResponse NodeLogs::Count(HttpResponse response, Counter& counter) const {
  counter.Add();
  return response;
}

HttpResponse NodeLogs::Answer(const HttpRequest& request) {
  const std::string name = QueryParameter(request.query(), "node");
  if (!name.empty()) asked_ = clock_.Steady();
  if (name.empty()) return TextResponse(400, "node is missing: ask for /logs/v1/pods?node=NAME\n");
  if (!index_.synced()) {
    // An agent keeps its last list on an error; of a partial one it would let pods go.
    return Count(TextResponse(503, "the caches are not synced yet; ask again in a moment\n"),
                 refused_);
  }
  const std::string* known = FindHeader(request.headers, "If-None-Match");
  MutexLock lock(mutex_);
  Refresh();
  const auto found = nodes_.find(name);
  Node* const node = found == nodes_.end() ? nullptr : &found->second;
  HttpResponse response;
  if (known && node && !node->version.empty() && *known == node->version) {
    response.status = 304;
    response.headers = {{"ETag", node->version}};
    return Count(std::move(response), unchanged_);
  }
  std::vector<NodeLogPod> pods;
  if (node) {
    for (const auto& [pod, target] : node->pods) pods.push_back({target, pod->Expand()});
  }
  std::string json = RenderNodeLogs(pods);
  const std::string version = "\"" + HashHex(json) + "\"";
  if (node) node->version = version;
  if (known && *known == version) {
    response.status = 304;
    response.headers = {{"ETag", version}};
    return Count(std::move(response), unchanged_);
  }
  response = JsonResponse(200, std::move(json));
  response.headers.emplace_back("ETag", version);
  return Count(std::move(response), served_);
}

bool NodeLogs::AskedLately() const {
  const SteadyTime asked = asked_;
  return asked != SteadyTime::min() && clock_.Steady() - asked < std::chrono::minutes(1);
}

void NodeLogs::Refresh() {
  const SteadyTime now = clock_.Steady();
  const auto age = now - refreshed_;
  if (ever_ && age < kEvery) return;
  if (!changed_.exchange(false) && ever_ && age < kAtLeastEvery) return;
  ever_ = true;
  refreshed_ = now;
  const auto before = std::exchange(nodes_, {});
  bool any = false;
  for (const auto& target : index_.Snapshot().targets) {
    if (!ReadByNodeAgent(*target)) continue;
    any = true;
    AddMatched(target);
  }
  if (any) AddFinished();
  for (auto& [name, node] : nodes_) {
    // Stable, and targets were added by key: of a pod's targets those stay that get a container.
    std::ranges::stable_sort(
        node.pods, [](const auto& a, const auto& b) { return PodBefore(*a.first, *b.first); });
    const auto rest = std::ranges::unique(node.pods, [](const auto& a, const auto& b) {
      return ReadsAllContainers(*a.second->logs) && !PodBefore(*a.first, *b.first) &&
             !PodBefore(*b.first, *a.first);
    });
    node.pods.erase(rest.begin(), rest.end());
    // Records never change, so where they are the same the answer is.
    const auto old = before.find(name);
    if (old != before.end() && old->second.pods == node.pods) node.version = old->second.version;
  }
}

void NodeLogs::AddMatched(const TargetPtr& target) {
  const auto matched = index_.Matched(target->meta.Key());
  if (!matched) return;
  for (const PodRef& pod : matched->held) {
    if (!pod->node().empty()) nodes_[std::string(pod->node())].pods.emplace_back(pod, target);
  }
}

// A Job may be over before anybody asked for its pod, and its lines are still there.
void NodeLogs::AddFinished() {
  Pod expanded;
  for (const PodRef& pod : index_.FinishedPods()) {
    if (pod->node().empty()) continue;
    pod->ExpandInto(expanded);
    for (const auto& target : index_.Matching(expanded.meta.ns, expanded.meta.labels)) {
      if (!ReadByNodeAgent(*target)) continue;
      nodes_[expanded.node].pods.emplace_back(pod, target);
      if (ReadsAllContainers(*target->logs)) break;
    }
  }
}

}  // namespace telltale
