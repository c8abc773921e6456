// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/watch_event.h"

namespace telltale {
namespace {

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

// Ends a walk that has what it came for: the objects are kilobytes, their names come first.
Error Enough() { return Error{Code::kCancelled, {}}; }
bool IsEnough(const Status& status) {
  return !status.ok() && status.error().code == Code::kCancelled;
}

Status ReadObject(JsonValue object, WatchEvent& out) {
  return object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key == "metadata") {
      TELLTALE_TRY(value.ForEachField([&](std::string_view name, JsonValue field) -> Status {
        if (name != "resourceVersion") return {};
        SetString(field, out.resource_version);
        // A Status object is small and its code comes after its metadata.
        return out.type == WatchEvent::Type::kError ? Status() : Enough();
      }));
    } else if (out.type == WatchEvent::Type::kError && key == "code") {
      out.code = static_cast<int>(value.Int().value_or(0));
    } else if (out.type == WatchEvent::Type::kError && key == "message") {
      SetString(value, out.message);
    }
    return {};
  });
}

}  // namespace

Status DecodeWatchEvent(JsonParser& parser, std::string_view line, WatchEvent& out) {
  out.type = WatchEvent::Type::kUnknown;
  out.code = 0;
  out.type_name.clear();
  out.resource_version.clear();
  out.message.clear();
  bool has_object = false;
  const Status status = parser.Parse(line, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key == "type") {
        SetString(value, out.type_name);
        out.type = TypeOf(out.type_name);
      } else if (key == "object") {
        has_object = true;
        return ReadObject(value, out);
      }
      return {};
    });
  });
  if (!status.ok() && !IsEnough(status)) return status;
  // The API server has always written the type first; anything else is not its encoding.
  if (out.type_name.empty() || !has_object) {
    return Fail(Code::kInvalid, "the line is not {\"type\": ..., \"object\": {...}}");
  }
  return {};
}

Status WithWatchObject(JsonParser& parser, std::string_view line,
                       FunctionRef<Status(JsonValue)> object) {
  return parser.Parse(line, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      return key == "object" ? object(value) : Status();
    });
  });
}

std::string ObjectName(JsonValue object) {
  std::string ns, name;
  const Status ignored = object.ForEachField([&](std::string_view key, JsonValue value) -> Status {
    if (key != "metadata") return {};
    return value.ForEachField([&](std::string_view field, JsonValue text) -> Status {
      if (field == "namespace") SetString(text, ns);
      if (field == "name") SetString(text, name);
      return {};
    });
  });
  if (name.empty()) return "?";
  return ns.empty() ? name : ns + "/" + name;
}

Status DecodeListMeta(JsonParser& parser, std::string_view json, ListMeta& out) {
  return parser.Parse(json, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key == "resourceVersion") SetString(value, out.resource_version);
      if (key == "continue") SetString(value, out.continue_token);
      return {};
    });
  });
}

}  // namespace telltale
