// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/events/event.h"

#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxObjectName = 236;  // 253 of a name, less the dot and the hash

void WriteSeries(const Event& event, JsonWriter& w) {
  w.Key("series").BeginObject().Key("count").Int(event.count);
  w.Field("lastObservedTime", FormatRfc3339(event.last_nanos, 6)).EndObject();
}

}  // namespace

std::string EventKey(const Event& e) {
  // No part has a zero byte: they are names of Kubernetes and words of ours.
  std::string key(e.type == EventType::kWarning ? "W" : "N");
  for (const std::string* part :
       {&e.action, &e.reason, &e.controller, &e.instance, &e.regarding.api_version,
        &e.regarding.kind, &e.regarding.ns, &e.regarding.name, &e.regarding.uid}) {
    key.append(1, '\0').append(*part);
  }
  return key;
}

std::string EventName(const Event& event) {
  std::string name = event.regarding.name.substr(0, kMaxObjectName);
  while (name.ends_with('.') || name.ends_with('-')) name.pop_back();
  return name + "." + HashHex(EventKey(event) + std::to_string(event.first_nanos));
}

std::string_view EventNamespace(const Event& event) {
  return event.regarding.ns.empty() ? std::string_view("default") : event.regarding.ns;
}

std::string EventJson(const Event& event) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "events.k8s.io/v1").Field("kind", "Event");
  w.Key("metadata").BeginObject().Field("name", event.name);
  w.Field("namespace", EventNamespace(event)).EndObject();
  w.Field("eventTime", FormatRfc3339(event.first_nanos, 6));
  w.Field("type", event.type == EventType::kWarning ? "Warning" : "Normal");
  w.Field("reason", event.reason).Field("action", event.action).Field("note", event.note);
  w.Field("reportingController", event.controller).Field("reportingInstance", event.instance);
  const ObjectReference& about = event.regarding;
  w.Key("regarding").BeginObject();
  w.Field("apiVersion", about.api_version).Field("kind", about.kind);
  if (!about.ns.empty()) w.Field("namespace", about.ns);
  w.Field("name", about.name).Field("uid", about.uid).EndObject();
  if (event.count > 1) WriteSeries(event, w);
  w.EndObject();
  return json;
}

std::string SeriesPatchJson(const Event& event) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject();
  WriteSeries(event, w);
  w.EndObject();
  return json;
}

}  // namespace telltale
