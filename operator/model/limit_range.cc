// SPDX-License-Identifier: Apache-2.0
#include "operator/model/limit_range.h"

#include "operator/model/decode.h"
#include "operator/model/quantity.h"

namespace telltale {
namespace {

Status DecodeQuantities(JsonValue value, Labels& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    std::string text;
    TELLTALE_TRY(decode::TextOrNumber(member, text));
    if (!ParseQuantity(text)) return decode::Wrong("must be a quantity such as 100m or 64Mi");
    SetLabel(out, key, text);
    return {};
  });
}

Status DecodeItem(JsonValue value, LimitRange& out) {
  LimitRangeItem item;
  std::string type;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "type") return decode::Text(member, type);
    if (key == "min") return DecodeQuantities(member, item.min);
    if (key == "max") return DecodeQuantities(member, item.max);
    if (key == "default") return DecodeQuantities(member, item.default_limits);
    if (key == "defaultRequest") return DecodeQuantities(member, item.default_requests);
    if (key == "maxLimitRequestRatio") return DecodeQuantities(member, item.max_ratio);
    return {};
  }));
  item.of_pod = type == "Pod";
  if (item.of_pod || type == "Container") out.items.push_back(std::move(item));
  return {};
}

}  // namespace

Status DecodeLimitRange(JsonValue value, LimitRange& out) {
  return decode::Rooted(
      "LimitRange", decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
        if (key == "metadata") return DecodeObjectMeta(member, out.meta);
        if (key != "spec") return {};
        return decode::Fields(member, [&](std::string_view name, JsonValue limits) -> Status {
          if (name != "limits") return {};
          return decode::Elements(limits, [&](JsonValue item) { return DecodeItem(item, out); });
        });
      }));
}

}  // namespace telltale
