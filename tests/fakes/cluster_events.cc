// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/cluster_events.h"

#include "common/text/json_writer.h"

namespace telltale {
namespace {

void WriteLabels(JsonWriter& w, const Labels& labels) {
  w.Key("labels").BeginObject();
  for (const auto& [key, value] : labels) w.Field(key, value);
  w.EndObject();
}

}  // namespace

std::string PodJson(const PodSpec& pod) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Key("metadata").BeginObject();
  w.Field("name", pod.name).Field("namespace", pod.ns);
  w.Field("uid", pod.uid.empty() ? "uid-" + pod.ns + "-" + pod.name : pod.uid);
  w.Field("resourceVersion", pod.resource_version);
  if (pod.deleting) w.Field("deletionTimestamp", "2026-11-21T00:00:00Z");
  WriteLabels(w, pod.labels);
  w.EndObject().Key("spec").BeginObject().Field("nodeName", pod.node);
  if (pod.host_network) w.Key("hostNetwork").Bool(true);
  w.Key("containers").BeginArray().BeginObject().Field("name", "main");
  w.Key("ports").BeginArray().BeginObject().Field("name", "http");
  w.Key("containerPort").Int(pod.port).EndObject().EndArray().EndObject();
  if (pod.sidecar) w.BeginObject().Field("name", kSidecarContainer).EndObject();
  w.EndArray().EndObject();
  w.Key("status").BeginObject().Field("phase", pod.phase);
  if (!pod.ip.empty()) w.Field("podIP", pod.ip);
  w.EndObject().EndObject();
  return json;
}

std::string TargetJson(const std::string& ns, const std::string& name, const std::string& spec,
                       const std::string& uid) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Key("metadata").BeginObject();
  w.Field("name", name).Field("namespace", ns).Field("uid", uid).EndObject();
  w.Key("spec").Raw(spec).EndObject();
  return json;
}

std::string NamespaceJson(const std::string& name, const Labels& labels) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Key("metadata").BeginObject().Field("name", name);
  WriteLabels(w, labels);
  w.EndObject().EndObject();
  return json;
}

std::string Send(ReflectorSink& sink, const std::string& json) {
  static thread_local JsonParser parser;
  std::string version;
  (void)parser.Parse(json, [&](JsonValue root) { return sink.Changed(root, version); });
  return version;
}

std::string SendDeleted(ReflectorSink& sink, const std::string& json) {
  static thread_local JsonParser parser;
  std::string version;
  (void)parser.Parse(json, [&](JsonValue root) { return sink.Deleted(root, version); });
  return version;
}

void SendEmpty(ReflectorSink& sink) {
  sink.ReplaceBegin();
  sink.ReplaceEnd();
}

}  // namespace telltale
