// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/eventlog/event_line.h"

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "common/text/json_writer.h"

namespace telltale {
namespace {

struct Event {
  std::string ns, created;  // metadata
  std::string type, reason, message;
  std::string kind, name, object_ns;  // involvedObject
  std::string component, host, reporter;
  std::string first, last, moment;
  std::string series_last;
  std::int64_t count = 0, series_count = 0;
};

void Set(std::string& out, JsonValue& value) {
  if (const auto text = value.String()) out = *text;
}

Status ReadMetadata(JsonValue metadata, Event& event, std::string& version) {
  return metadata.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "namespace") Set(event.ns, value);
    if (key == "creationTimestamp") Set(event.created, value);
    if (key == "resourceVersion") Set(version, value);
    return {};
  });
}

Status ReadObject(JsonValue object, Event& event) {
  return object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "kind") Set(event.kind, value);
    if (key == "name") Set(event.name, value);
    if (key == "namespace") Set(event.object_ns, value);
    return {};
  });
}

Status ReadSource(JsonValue source, Event& event) {
  return source.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "component") Set(event.component, value);
    if (key == "host") Set(event.host, value);
    return {};
  });
}

Status ReadSeries(JsonValue series, Event& event) {
  return series.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "lastObservedTime") Set(event.series_last, value);
    if (key == "count") event.series_count = value.Int().value_or(0);
    return {};
  });
}

// The API server leaves out what is not set, or says null.
Status ReadField(std::string_view key, JsonValue value, Event& event, std::string& version) {
  if (value.type() == JsonValue::Type::kNull) return {};
  if (key == "metadata") return ReadMetadata(value, event, version);
  if (key == "involvedObject") return ReadObject(value, event);
  if (key == "source") return ReadSource(value, event);
  if (key == "series") return ReadSeries(value, event);
  if (key == "type") Set(event.type, value);
  if (key == "reason") Set(event.reason, value);
  if (key == "message") Set(event.message, value);
  if (key == "reportingComponent") Set(event.reporter, value);
  if (key == "firstTimestamp") Set(event.first, value);
  if (key == "lastTimestamp") Set(event.last, value);
  if (key == "eventTime") Set(event.moment, value);
  if (key == "count") event.count = value.Int().value_or(0);
  return {};
}

std::string_view First(std::initializer_list<std::string_view> texts) {
  for (const std::string_view text : texts) {
    if (!text.empty()) return text;
  }
  return {};
}

}  // namespace

Status EventLine(JsonValue value, std::string& resource_version, std::string& line) {
  Event event;
  Status read = value.ForEachField([&](std::string_view key, JsonValue field) {
    return ReadField(key, field, event, resource_version);
  });
  if (!read.ok()) return read;
  const auto time =
      First({event.series_last, event.last, event.moment, event.first, event.created});
  if (time.empty()) return Fail(Code::kInvalid, "an event without any time");
  line.clear();
  JsonWriter w(&line);
  w.BeginObject().Field("time", time);
  const auto add = [&](std::string_view key, std::string_view text) {
    if (!text.empty()) w.Field(key, text);
  };
  add("type", event.type);
  add("reason", event.reason);
  add("kind", event.kind);
  // An event about a node stands in the namespace "default"; the object has none.
  add("namespace", First({event.object_ns, event.ns}));
  add("name", event.name);
  add("message", event.message);
  const std::int64_t count = event.series_count > 0 ? event.series_count : event.count;
  if (count > 1) w.Key("count").Int(count);
  add("component", First({event.component, event.reporter}));
  add("host", event.host);
  w.EndObject();
  return {};
}

}  // namespace telltale
