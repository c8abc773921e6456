// SPDX-License-Identifier: Apache-2.0
#include "operator/model/decode.h"

#include <algorithm>

namespace telltale::decode {
namespace {

bool IsNull(JsonValue& value) { return value.type() == JsonValue::Type::kNull; }

template <class Out>
Status ReadText(JsonValue& value, Out& out) {
  if (auto text = value.String()) {
    out = *text;
    return {};
  }
  if (IsNull(value)) return {};
  return Wrong("must be a string");
}

}  // namespace

Error Wrong(std::string_view what) { return Fail(Code::kInvalid, ": " + std::string(what)); }

Status In(std::string_view field, Status status) {
  if (status.ok()) return status;
  Error error = status.error();
  const bool joined = error.message.starts_with(':') || error.message.starts_with('[');
  error.message.insert(0, std::string(field) + (joined ? "" : "."));
  return error;
}

Status Rooted(std::string_view kind, Status status) {
  if (status.ok()) return status;
  Error error = status.error();
  if (error.message.starts_with(':')) error.message.insert(0, kind);
  return error;
}

Status Fields(JsonValue value, FunctionRef<Status(std::string_view, JsonValue)> field) {
  const auto type = value.type();
  if (type == JsonValue::Type::kNull) return {};
  if (type != JsonValue::Type::kObject) return Wrong("must be an object");
  // Kept apart, because only the callback's errors already are in path form.
  Status inner;
  const Status outer = value.ForEachField([&](std::string_view key, JsonValue member) -> Status {
    Status read = field(key, member);
    if (!read.ok()) inner = In(key, read);
    return read;
  });
  if (!inner.ok()) return inner;
  if (!outer.ok()) return Wrong(outer.error().message);
  return {};
}

Status Elements(JsonValue value, FunctionRef<Status(JsonValue)> element) {
  const auto type = value.type();
  if (type == JsonValue::Type::kNull) return {};
  if (type != JsonValue::Type::kArray) return Wrong("must be an array");
  Status inner;
  std::size_t index = 0;
  const Status outer = value.ForEachElement([&](JsonValue item) -> Status {
    Status read = element(item);
    if (!read.ok()) inner = In("[" + std::to_string(index) + "]", read);
    ++index;
    return read;
  });
  if (!inner.ok()) return inner;
  if (!outer.ok()) return Wrong(outer.error().message);
  return {};
}

Status Text(JsonValue value, std::string& out) { return ReadText(value, out); }
Status Text(JsonValue value, std::string_view& out) { return ReadText(value, out); }

Status Texts(JsonValue value, std::vector<std::string>& out) {
  return Elements(value, [&](JsonValue item) -> Status {
    auto text = item.String();
    if (!text) return Wrong("must be a string");
    out.emplace_back(*text);
    return {};
  });
}

Status Flag(JsonValue value, bool& out) {
  if (auto flag = value.Bool()) {
    out = *flag;
    return {};
  }
  if (IsNull(value)) return {};
  return Wrong("must be true or false");
}

Status Whole(JsonValue value, std::int64_t& out) {
  if (auto number = value.Int()) {
    out = *number;
    return {};
  }
  if (IsNull(value)) return {};
  return Wrong("must be a whole number");
}

Status DurationMs(JsonValue value, std::int64_t& out) {
  if (auto text = value.String()) {
    const auto ms = ParseDurationMs(*text);
    if (!ms) return Wrong("must be a duration such as 15s or 1m30s");
    out = *ms;
    return {};
  }
  if (IsNull(value)) return {};
  return Wrong("must be a duration in quotes, such as \"15s\"");
}

Status TextOrNumber(JsonValue value, std::string& out) {
  if (auto text = value.String()) {
    out = *text;
    return {};
  }
  const auto type = value.type();
  if (type == JsonValue::Type::kNull) return {};
  if (type != JsonValue::Type::kNumber) return Wrong("must be a string or a number");
  const auto raw = value.Raw();
  if (!raw) return Wrong("must be a string or a number");
  out = Trim(*raw);
  return {};
}

Status UserLabel(std::string_view name, std::span<const std::string_view> taken) {
  if (!IsLabelName(name) || name.starts_with("__")) {
    return Wrong("\"" + std::string(name) +
                 "\" is no label name: use letters, digits and _, not starting with a digit or __");
  }
  if (std::ranges::find(taken, name) != taken.end()) {
    return Wrong("the label " + std::string(name) + " is set by Telltale: choose another name");
  }
  return {};
}

}  // namespace telltale::decode
