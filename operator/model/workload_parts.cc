// SPDX-License-Identifier: Apache-2.0
#include "operator/model/workload_parts.h"

#include <string_view>
#include <utility>

#include "operator/model/object_meta.h"

namespace telltale {

Status DecodeTemplateLabels(JsonValue value, Labels& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key != "metadata") return {};
    ObjectMeta meta;
    TELLTALE_TRY(DecodeObjectMeta(member, meta));
    out = std::move(meta.labels);
    return {};
  });
}

Status ForEachCondition(JsonValue status, FunctionRef<Status(JsonValue)> take) {
  return decode::Fields(status, [&](std::string_view key, JsonValue member) -> Status {
    return key == "conditions" ? decode::Elements(member, take) : Status();
  });
}

}  // namespace telltale
