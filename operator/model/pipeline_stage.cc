// SPDX-License-Identifier: Apache-2.0
#include "operator/model/pipeline_stage.h"

#include <array>

#include "operator/model/decode.h"
#include "operator/model/regex_syntax.h"

namespace telltale {
namespace {

using Kind = PipelineStage::Kind;

struct KindName {
  std::string_view name;
  Kind kind;
};
constexpr std::array<KindName, 6> kKinds = {{{"json", Kind::kJson},
                                             {"regex", Kind::kRegex},
                                             {"timestamp", Kind::kTimestamp},
                                             {"labels", Kind::kLabels},
                                             {"drop", Kind::kDrop},
                                             {"multiline", Kind::kMultiline}}};

Status DecodeBody(JsonValue value, PipelineStage& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "expressions" || key == "values") return DecodeStringMap(member, out.values);
    if (key == "expression" || key == "firstline") return decode::Text(member, out.expression);
    if (key == "source") return decode::Text(member, out.source);
    if (key == "format") return decode::Text(member, out.format);
    if (key == "maxWait") return decode::DurationMs(member, out.max_wait_ms);
    return {};
  });
}

Status CheckRegex(std::string_view field, const std::string& expression) {
  const Status status = CheckRegexSyntax(expression);
  if (status.ok()) return {};
  return decode::In(field, decode::Wrong(status.error().message));
}

Status CheckJson(const PipelineStage& stage) {
  if (stage.values.empty()) return decode::Wrong("needs expressions: a name and a path for each");
  for (const auto& [name, path] : stage.values) {
    if (name.empty() || !IsJsonPath(path.empty() ? name : path)) {
      return decode::In(
          "expressions",
          decode::In(name,
                     decode::Wrong("must be a path such as level, request.id or items[0].name")));
    }
  }
  return {};
}

Status CheckLabels(const PipelineStage& stage) {
  if (stage.values.empty()) return decode::Wrong("needs values: a label and its source for each");
  for (const auto& [name, source] : stage.values) {
    TELLTALE_TRY(decode::In("values", CheckStreamLabel(name)));
  }
  return {};
}

Status CheckStage(const PipelineStage& stage) {
  switch (stage.kind) {
    case Kind::kJson:
      return CheckJson(stage);
    case Kind::kRegex:
      return CheckRegex("expression", stage.expression);
    case Kind::kTimestamp:
      if (stage.source.empty()) return decode::In("source", decode::Wrong("is required"));
      if (stage.format.empty()) return decode::In("format", decode::Wrong("is required"));
      return {};
    case Kind::kLabels:
      return CheckLabels(stage);
    case Kind::kDrop:
      // Without an expression Promtail drops every line that has the source at all.
      if (stage.expression.empty()) {
        return stage.source.empty() ? Status(decode::Wrong("needs an expression")) : Status();
      }
      return CheckRegex("expression", stage.expression);
    case Kind::kMultiline:
      if (stage.max_wait_ms < 1) {
        return decode::In("maxWait", decode::Wrong("must be longer than 0s"));
      }
      return CheckRegex("firstline", stage.expression);
  }
  return {};
}

bool IsNameChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Takes one step off the front: name, "quoted name" or [index]. False when there is none.
bool TakeStep(std::string_view& rest, bool first) {
  std::size_t end = 0;
  if (rest.starts_with('[') && !first) {
    end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end > 10 || end == std::string_view::npos || rest[end] != ']') return false;
    rest.remove_prefix(end + 1);
    return true;
  }
  if (!first) {
    if (!rest.starts_with('.')) return false;
    rest.remove_prefix(1);
  }
  if (rest.starts_with('"')) {
    end = rest.find_first_of("\"\\", 1);
    if (end == std::string_view::npos || end == 1 || rest[end] == '\\') return false;
    for (const char c : rest.substr(0, end)) {
      if (static_cast<unsigned char>(c) < 0x20) return false;
    }
    rest.remove_prefix(end + 1);
    return true;
  }
  if (rest.empty() || (rest[0] >= '0' && rest[0] <= '9')) return false;
  while (end < rest.size() && IsNameChar(rest[end])) ++end;
  rest.remove_prefix(end);
  return end > 0;
}

}  // namespace

bool IsJsonPath(std::string_view expression) {
  if (!TakeStep(expression, true)) return false;
  while (!expression.empty()) {
    if (!TakeStep(expression, false)) return false;
  }
  return true;
}

Status DecodePipelineStage(JsonValue value, PipelineStage& out) {
  int kinds = 0;
  std::string_view name;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    for (const auto& known : kKinds) {
      if (known.name != key || member.type() == JsonValue::Type::kNull) continue;
      ++kinds;
      out.kind = known.kind;
      name = known.name;
      return DecodeBody(member, out);
    }
    return {};
  }));
  if (kinds != 1) {
    return decode::Wrong("must be one of json, regex, timestamp, labels, drop and multiline");
  }
  return decode::In(name, CheckStage(out));
}

}  // namespace telltale
