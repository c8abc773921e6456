// SPDX-License-Identifier: Apache-2.0
//
// One line of a watch: {"type": ..., "object": {...}} (Kubernetes docs "API Concepts"). A line is
// parsed once: its object goes straight from the parser to who decodes it. Only a line that puts
// the object before its type, and an object whose version the decoder did not give back, are read a
// second time. Also the small documents around watches: list metadata, Status. Pure; used by
// Reflector.
#pragma once

#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/text/json_reader.h"

namespace telltale {

// What a Status object says about why the server refused.
struct ApiRefusal {
  int code = 0;
  std::string message;
  int retry_after_seconds = 0;
  // Our version is ahead of this server: it lags behind another replica, or was restored.
  bool version_too_large = false;
};

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  Type type = Type::kUnknown;
  std::string type_name;
  std::string resource_version;     // of the object; empty when it has none
  Status decoded;                   // what the decoder said; only of the types that bring an object
  bool initial_events_end = false;  // of a BOOKMARK: all objects that existed have been sent
  ApiRefusal refusal;               // of an ERROR

  bool brings_object() const {
    return type == Type::kAdded || type == Type::kModified || type == Type::kDeleted;
  }
};

// Decodes one object and gives its version back; as ReflectorSink::Changed and Deleted.
using EventDecoder =
    FunctionRef<Status(WatchEvent::Type type, JsonValue object, std::string& resource_version)>;

// Fills `out`, whose strings are reused, and calls `decode` at most once, for ADDED, MODIFIED and
// DELETED. kInvalid when the line is not such a line or is malformed JSON in a part that was read;
// `decode` may have been called before that was seen.
Status ReadWatchEvent(JsonParser& parser, std::string_view line, WatchEvent& out,
                      EventDecoder decode);

// "namespace/name" of an object, for a log line about one that does not decode; "?" without them.
// `resource_version`, when not null, receives its version.
std::string ObjectName(JsonValue object, std::string* resource_version = nullptr);

// The body of an answer that is not a success; empty fields when it is not a Status object.
ApiRefusal ReadRefusal(JsonParser& parser, std::string_view body);

// "metadata" of a list.
struct ListMeta {
  std::string resource_version;
  std::string continue_token;
};
Status ReadListMeta(JsonValue metadata, ListMeta& out);
Status DecodeListMeta(JsonParser& parser, std::string_view json, ListMeta& out);

}  // namespace telltale
