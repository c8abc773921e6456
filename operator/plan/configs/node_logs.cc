// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/node_logs.h"

#include <algorithm>

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

void WritePod(const Pod& pod, std::size_t target, JsonWriter& writer) {
  writer.BeginObject();
  writer.Field("namespace", pod.meta.ns).Field("name", pod.meta.name);
  writer.Field("uid", FolderUid(pod)).Field("app", AppLabel(pod.meta.labels, ""));
  writer.Key("target").Int(static_cast<std::int64_t>(target)).Key("containers").BeginArray();
  for (const auto& container : pod.containers) {
    if (container.name != kSidecarContainer) writer.String(container.name);
  }
  writer.EndArray().EndObject();
}

}  // namespace

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
  for (std::size_t i = 0; i < pods.size(); ++i) WritePod(pods[i].pod, places[i], writer);
  writer.EndArray().EndObject();
  return json;
}

}  // namespace telltale
