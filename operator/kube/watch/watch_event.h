// SPDX-License-Identifier: Apache-2.0
//
// The envelope of one line of a watch: {"type": ..., "object": {...}} (Kubernetes docs "API
// Concepts"). Read before the object is decoded, because the watch goes on from its
// resourceVersion also when the object itself does not decode. Pure; used by Reflector.
#pragma once

#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/text/json_reader.h"

namespace telltale {

struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  Type type = Type::kUnknown;
  std::string type_name;
  std::string resource_version;  // of the object; empty when it has none
  int code = 0;                  // of an ERROR: the Status object's
  std::string message;           // of an ERROR
};

// Fills `out`, whose strings are reused. kInvalid when the line is not such an envelope.
Status DecodeWatchEvent(JsonParser& parser, std::string_view line, WatchEvent& out);

// Calls `object` with the line's object; an error is the parser's or what `object` returned.
Status WithWatchObject(JsonParser& parser, std::string_view line,
                       FunctionRef<Status(JsonValue)> object);

// "namespace/name" of an object, for a log line about one that does not decode; "?" without them.
std::string ObjectName(JsonValue object);

// "metadata" of a list.
struct ListMeta {
  std::string resource_version;
  std::string continue_token;
};
Status DecodeListMeta(JsonParser& parser, std::string_view json, ListMeta& out);

}  // namespace telltale
