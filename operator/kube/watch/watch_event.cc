// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/watch_event.h"

#include <cstdint>
#include <limits>
#include <utility>

namespace telltale {
namespace {

constexpr std::string_view kInitialEventsEnd = "k8s.io/initial-events-end";

WatchEvent::Type TypeOf(std::string_view name) {
  if (name == "ADDED") return WatchEvent::Type::kAdded;
  if (name == "MODIFIED") return WatchEvent::Type::kModified;
  if (name == "DELETED") return WatchEvent::Type::kDeleted;
  if (name == "BOOKMARK") return WatchEvent::Type::kBookmark;
  if (name == "ERROR") return WatchEvent::Type::kError;
  return WatchEvent::Type::kUnknown;
}

void SetString(JsonValue value, std::string& out) {
  if (auto text = value.String()) out.assign(*text);
}

void SetInt(JsonValue value, int& out) {
  const std::int64_t number = value.Int().value_or(0);
  out = number >= 0 && number <= std::numeric_limits<int>::max() ? static_cast<int>(number) : 0;
}

// An object of another kind than `member` expects is passed over: it only adds details.
Status IfObject(JsonValue value, FunctionRef<Status(std::string_view, JsonValue)> member) {
  return value.type() == JsonValue::Type::kObject ? value.ForEachField(member) : Status();
}

Status ReadMetadata(JsonValue metadata, WatchEvent& out) {
  return IfObject(metadata, [&](std::string_view name, JsonValue field) -> Status {
    if (name == "resourceVersion") SetString(field, out.resource_version);
    if (name != "annotations" || out.type != WatchEvent::Type::kBookmark) return {};
    return IfObject(field, [&](std::string_view key, JsonValue text) -> Status {
      if (key == kInitialEventsEnd) out.initial_events_end = text.String() == "true";
      return {};
    });
  });
}

Status ReadDetails(JsonValue details, ApiRefusal& out) {
  return IfObject(details, [&](std::string_view name, JsonValue value) -> Status {
    if (name == "retryAfterSeconds") SetInt(value, out.retry_after_seconds);
    if (name != "causes" || value.type() != JsonValue::Type::kArray) return {};
    return value.ForEachElement([&](JsonValue cause) {
      return IfObject(cause, [&](std::string_view key, JsonValue text) -> Status {
        if (key == "reason" && text.String() == "ResourceVersionTooLarge") {
          out.version_too_large = true;
        }
        return {};
      });
    });
  });
}

Status ReadStatusMember(std::string_view key, JsonValue value, ApiRefusal& out) {
  if (key == "code") SetInt(value, out.code);
  if (key == "message") SetString(value, out.message);
  return key == "details" ? ReadDetails(value, out) : Status();
}

// The API server before 1.17, and some proxies of it, say it in words only.
void LookAtWords(ApiRefusal& out) {
  if (out.message.find("Too large resource version") != std::string::npos) {
    out.version_too_large = true;
  }
}

// The object, by the type of its event.
Status ReadObject(JsonValue object, WatchEvent& out, EventDecoder decode) {
  if (out.brings_object()) {
    out.decoded = decode(out.type, object, out.resource_version);
    return {};  // malformed JSON is remembered by the parser; anything else is about one object
  }
  return object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "metadata") return ReadMetadata(value, out);
    if (out.type == WatchEvent::Type::kError) return ReadStatusMember(key, value, out.refusal);
    return {};
  });
}

Status ForEachObject(JsonParser& parser, std::string_view line,
                     FunctionRef<Status(JsonValue)> object) {
  return parser.Parse(line, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      return key == "object" ? object(value) : Status();
    });
  });
}

void Clear(WatchEvent& out) {
  out.type = WatchEvent::Type::kUnknown;
  out.type_name.clear();
  out.resource_version.clear();
  out.decoded = {};
  out.initial_events_end = false;
  out.refusal = {};
}

}  // namespace

Status ReadWatchEvent(JsonParser& parser, std::string_view line, WatchEvent& out,
                      EventDecoder decode) {
  Clear(out);
  bool has_object = false, was_read = false;
  TELLTALE_TRY(parser.Parse(line, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key == "type" && out.type_name.empty()) {
        SetString(value, out.type_name);
        out.type = TypeOf(out.type_name);
      } else if (key == "object" && !has_object && value.type() == JsonValue::Type::kObject) {
        has_object = true;
        was_read = !out.type_name.empty();
        if (was_read) return ReadObject(value, out, decode);
      }
      return {};
    });
  }));
  if (out.type_name.empty() || !has_object) {
    return Fail(Code::kInvalid, "the line is not {\"type\": ..., \"object\": {...}}");
  }
  if (!was_read) {
    TELLTALE_TRY(ForEachObject(parser, line, [&](JsonValue object) {
      return std::exchange(was_read, true) ? Status() : ReadObject(object, out, decode);
    }));
  }
  LookAtWords(out.refusal);
  if (!out.brings_object() || !out.resource_version.empty()) return {};
  return ForEachObject(parser, line, [&](JsonValue object) {
    return object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      return key == "metadata" ? ReadMetadata(value, out) : Status();
    });
  });
}

std::string ObjectName(JsonValue object, std::string* resource_version) {
  std::string ns, name;
  const Status ignored = object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key != "metadata") return {};
    return value.ForEachField([&](std::string_view field, JsonValue text) -> Status {
      if (field == "namespace") SetString(text, ns);
      if (field == "name") SetString(text, name);
      if (field == "resourceVersion" && resource_version != nullptr) {
        SetString(text, *resource_version);
      }
      return {};
    });
  });
  if (name.empty()) return "?";
  return ns.empty() ? name : ns + "/" + name;
}

ApiRefusal ReadRefusal(JsonParser& parser, std::string_view body) {
  ApiRefusal out;
  const Status ignored = parser.Parse(body, [&](JsonValue root) {
    return root.ForEachField(
        [&](std::string_view key, JsonValue value) { return ReadStatusMember(key, value, out); });
  });
  LookAtWords(out);
  return out;
}

Status ReadListMeta(JsonValue metadata, ListMeta& out) {
  return metadata.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "resourceVersion") SetString(value, out.resource_version);
    if (key == "continue") SetString(value, out.continue_token);
    return {};
  });
}

Status DecodeListMeta(JsonParser& parser, std::string_view json, ListMeta& out) {
  return parser.Parse(json, [&](JsonValue root) { return ReadListMeta(root, out); });
}

}  // namespace telltale
