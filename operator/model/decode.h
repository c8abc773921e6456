// SPDX-License-Identifier: Apache-2.0
//
// What the decoders of this folder share: typed reads of a JsonValue whose errors carry the path of
// the field ("spec.metrics.endpoints[0].port: must be a port name or a number"). Every reader knows
// only the path below its own value, so a message starts with ": ", "[" or a field name, and Fields
// and Elements put their part in front. JSON null means absent everywhere, as it does for the API
// server. Internal to operator/model and operator/plan; pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "common/base/strings.h"
#include "common/text/json_reader.h"

namespace telltale::decode {

// An error at the value itself: Wrong("must be a string").
Error Wrong(std::string_view what);
// The same error one field further out.
Status In(std::string_view field, Status status);
// The message for the outside: an error at the root itself names the kind.
Status Rooted(std::string_view kind, Status status);

// Unknown members are the callback's to ignore.
Status Fields(JsonValue value, FunctionRef<Status(std::string_view key, JsonValue value)> field);
Status Elements(JsonValue value, FunctionRef<Status(JsonValue value)> element);

// Each leaves `out` as it was when the value is null.
Status Text(JsonValue value, std::string& out);
Status Text(JsonValue value, std::string_view& out);  // valid as long as the document
Status Texts(JsonValue value, std::vector<std::string>& out);
Status Flag(JsonValue value, bool& out);
Status Whole(JsonValue value, std::int64_t& out);
Status DurationMs(JsonValue value, std::int64_t& out);
// A JSON string or number, as text: Kubernetes quantities and int-or-string fields.
Status TextOrNumber(JsonValue value, std::string& out);

// An error unless a user may give a label this name: a label name of Prometheus without the leading
// __ that it keeps for itself, and none of those that Telltale sets.
Status UserLabel(std::string_view name, std::span<const std::string_view> taken);

}  // namespace telltale::decode
