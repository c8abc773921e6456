// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/node_logs.h"

#include <algorithm>
#include <ranges>
#include <span>

#include "common/text/json_writer.h"
#include "operator/plan/configs/sidecar_stages.h"

namespace telltale {
namespace {

void WriteTarget(const MonitoringTarget& target, JsonWriter& writer) {
  writer.BeginObject().Field("name", target.meta.Key());
  writer.Key("generation").Int(target.meta.generation);
  writer.Key("labels").BeginObject();
  for (const auto& [name, value] : target.logs->labels) writer.Field(name, value);
  writer.EndObject();
  if (!target.logs->tenant.empty()) writer.Field("tenant", target.logs->tenant);
  writer.Key("pipeline");
  WriteSidecarStages(target.logs->pipeline, writer);
  writer.EndObject();
}

// The kubelet names the folder of a static pod by the hash of its manifest, which the API knows
// from the annotation alone: the uid there is another.
std::string_view FolderUid(const Pod& pod) {
  for (const auto& [name, value] : pod.meta.annotations) {
    if (name == kMirrorAnnotation) return value;
  }
  return pod.meta.uid;
}

// `earlier` are the entries before this one: those of the same pod are the last of them.
void WritePod(const NodeLogPod& each, std::span<const NodeLogPod> earlier, std::size_t target,
              JsonWriter& writer) {
  const Pod& pod = each.pod;
  const auto taken = [&](std::string_view container) {
    for (const NodeLogPod& other : std::views::reverse(earlier)) {
      if (other.pod.meta.uid != pod.meta.uid) return false;
      if (ReadsContainer(*other.target->logs, container)) return true;
    }
    return false;
  };
  writer.BeginObject();
  writer.Field("namespace", pod.meta.ns).Field("name", pod.meta.name);
  writer.Field("uid", FolderUid(pod)).Field("app", AppLabel(pod.meta.labels, ""));
  writer.Key("target").Int(static_cast<std::int64_t>(target)).Key("containers").BeginArray();
  for (const auto& container : pod.containers) {
    if (container.name == kSidecarContainer || taken(container.name)) continue;
    if (ReadsContainer(*each.target->logs, container.name)) writer.String(container.name);
  }
  writer.EndArray().EndObject();
}

}  // namespace

bool ReadsContainer(const LogsSpec& logs, std::string_view container) {
  const auto in = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, container) != names.end();
  };
  return (logs.containers.empty() || in(logs.containers)) && !in(logs.exclude_containers);
}

bool ReadsAllContainers(const LogsSpec& logs) {
  return logs.containers.empty() && logs.exclude_containers.empty();
}

bool ReadByNodeAgent(const MonitoringTarget& target) {
  return !target.suspend && target.logs && target.logs->collector == LogsSpec::Collector::kNode;
}

std::string RenderNodeLogs(const std::vector<NodeLogPod>& pods) {
  std::vector<const MonitoringTarget*> targets;
  std::vector<std::size_t> places;
  for (const NodeLogPod& each : pods) {
    const auto found = std::ranges::find(targets, each.target.get());
    places.push_back(static_cast<std::size_t>(found - targets.begin()));
    if (found == targets.end()) targets.push_back(each.target.get());
  }
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Key("targets").BeginArray();
  for (const MonitoringTarget* target : targets) WriteTarget(*target, writer);
  writer.EndArray().Key("pods").BeginArray();
  for (std::size_t i = 0; i < pods.size(); ++i) {
    WritePod(pods[i], std::span(pods).first(i), places[i], writer);
  }
  writer.EndArray().EndObject();
  return json;
}

}  // namespace telltale
