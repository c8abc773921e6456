// SPDX-License-Identifier: Apache-2.0
#include "operator/model/pipeline_stage.h"

#include <algorithm>
#include <array>

#include "operator/model/decode.h"
#include "operator/model/stage_check.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {
namespace {

using Kind = PipelineStage::Kind;
using Type = StageField::Type;

struct KindName {
  std::string_view name, promtail;
};
// In the order of PipelineStage::Kind.
constexpr std::array<KindName, 18> kKinds = {{{"json", "json"},
                                              {"logfmt", "logfmt"},
                                              {"regex", "regex"},
                                              {"timestamp", "timestamp"},
                                              {"labels", "labels"},
                                              {"structuredMetadata", "structured_metadata"},
                                              {"drop", "drop"},
                                              {"sample", "sampling"},
                                              {"limit", "limit"},
                                              {"replace", "replace"},
                                              {"metrics", "metrics"},
                                              {"alert", ""},
                                              {"multiline", "multiline"},
                                              {"output", "output"},
                                              {"template", "template"},
                                              {"match", "match"},
                                              {"labelDrop", "labeldrop"},
                                              {"decolorize", "decolorize"}}};

struct FieldInfo {
  Kind kind;
  std::string_view name, promtail;
  Type type;
};
constexpr FieldInfo kFields[] = {
    {Kind::kJson, "expressions", "expressions", Type::kMap},
    {Kind::kJson, "source", "source", Type::kText},
    {Kind::kJson, "dropMalformed", "drop_malformed", Type::kFlag},
    {Kind::kLogfmt, "mapping", "mapping", Type::kMap},
    {Kind::kLogfmt, "source", "source", Type::kText},
    {Kind::kRegex, "expression", "expression", Type::kText},
    {Kind::kRegex, "source", "source", Type::kText},
    {Kind::kTimestamp, "source", "source", Type::kText},
    {Kind::kTimestamp, "format", "format", Type::kText},
    {Kind::kTimestamp, "fallbackFormats", "fallback_formats", Type::kTexts},
    {Kind::kTimestamp, "location", "location", Type::kText},
    {Kind::kTimestamp, "actionOnFailure", "action_on_failure", Type::kText},
    {Kind::kLabels, "values", "", Type::kMap},
    {Kind::kMetadata, "values", "", Type::kMap},
    {Kind::kDrop, "source", "source", Type::kText},
    {Kind::kDrop, "sources", "source", Type::kTexts},
    {Kind::kDrop, "separator", "separator", Type::kText},
    {Kind::kDrop, "value", "value", Type::kText},
    {Kind::kDrop, "expression", "expression", Type::kText},
    {Kind::kDrop, "olderThan", "older_than", Type::kDuration},
    {Kind::kDrop, "longerThan", "longer_than", Type::kBytes},
    {Kind::kDrop, "dropCounterReason", "drop_counter_reason", Type::kText},
    {Kind::kSample, "rate", "rate", Type::kNumber},
    {Kind::kSample, "dropCounterReason", "drop_counter_reason", Type::kText},
    {Kind::kLimit, "rate", "rate", Type::kNumber},
    {Kind::kLimit, "burst", "burst", Type::kNumber},
    {Kind::kLimit, "drop", "drop", Type::kFlag},
    {Kind::kReplace, "expression", "expression", Type::kText},
    {Kind::kReplace, "source", "source", Type::kText},
    {Kind::kReplace, "replace", "replace", Type::kText},
    {Kind::kAlert, "name", "", Type::kText},
    {Kind::kAlert, "source", "", Type::kText},
    {Kind::kAlert, "expression", "", Type::kText},
    {Kind::kAlert, "labels", "", Type::kMap},
    {Kind::kAlert, "annotations", "", Type::kMap},
    {Kind::kAlert, "quiet", "", Type::kDuration},
    {Kind::kAlert, "maxAge", "", Type::kDuration},
    {Kind::kMultiline, "firstline", "firstline", Type::kText},
    {Kind::kMultiline, "maxWait", "max_wait_time", Type::kDuration},
    {Kind::kMultiline, "maxLines", "max_lines", Type::kNumber},
    {Kind::kOutput, "source", "source", Type::kText},
    {Kind::kTemplate, "source", "source", Type::kText},
    {Kind::kTemplate, "template", "template", Type::kText},
    {Kind::kMatch, "selector", "selector", Type::kText},
    {Kind::kMatch, "action", "action", Type::kText},
    {Kind::kMatch, "dropCounterReason", "drop_counter_reason", Type::kText},
    {Kind::kMatch, "stages", "stages", Type::kStages},
    {Kind::kLabelDrop, "names", "", Type::kTexts},
    // Of one metric of the list.
    {Kind::kMetrics, "name", "", Type::kText},
    {Kind::kMetrics, "type", "type", Type::kText},
    {Kind::kMetrics, "description", "description", Type::kText},
    {Kind::kMetrics, "source", "source", Type::kText},
    {Kind::kMetrics, "prefix", "prefix", Type::kText},
    {Kind::kMetrics, "maxIdle", "max_idle_duration", Type::kDuration},
    {Kind::kMetrics, "action", "action", Type::kText},
    {Kind::kMetrics, "value", "value", Type::kText},
    {Kind::kMetrics, "matchAll", "match_all", Type::kFlag},
    {Kind::kMetrics, "countEntryBytes", "count_entry_bytes", Type::kFlag},
    {Kind::kMetrics, "buckets", "buckets", Type::kTexts},
};

Status DecodeNumber(JsonValue value, double& out) {
  const auto number = value.Double();
  if (!number) return decode::Wrong("must be a number");
  out = *number;
  return {};
}

// A list of texts or numbers, or one of them.
Status DecodeTexts(JsonValue value, std::vector<std::string>& out) {
  if (value.type() != JsonValue::Type::kArray) {
    return decode::TextOrNumber(value, out.emplace_back());
  }
  return decode::Elements(
      value, [&](JsonValue item) { return decode::TextOrNumber(item, out.emplace_back()); });
}

Status DecodeBytes(JsonValue value, std::int64_t& out) {
  std::string text;
  TELLTALE_TRY(decode::TextOrNumber(value, text));
  const auto bytes = ParseBytes(text);
  if (!bytes || *bytes < 0) return decode::Wrong("must be a size such as 8192 or 8KiB");
  out = *bytes;
  return {};
}

Status DecodeField(JsonValue value, StageField& out) {
  switch (out.type) {
    case Type::kText:
      return decode::Text(value, out.text);
    case Type::kFlag:
      return decode::Flag(value, out.flag);
    case Type::kNumber:
      return DecodeNumber(value, out.number);
    case Type::kDuration:
      return decode::DurationMs(value, out.whole);
    case Type::kBytes:
      return DecodeBytes(value, out.whole);
    case Type::kMap:
      return DecodeStringMap(value, out.map);
    case Type::kTexts:
      return DecodeTexts(value, out.texts);
    case Type::kStages:
      return decode::Elements(value, [&](JsonValue item) {
        return DecodePipelineStage(item, out.stages.emplace_back());
      });
    case Type::kMetrics:
      break;
  }
  return {};
}

// Promtail, and a sidecar of an earlier release, may know only the older form of named groups.
bool IsExpression(const StageField& field) {
  return field.name == "expression" || field.name == "firstline";
}

Status DecodeFields(JsonValue value, Kind kind, StageFields& out) {
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    for (const FieldInfo& info : kFields) {
      if (info.kind != kind || info.name != key) continue;
      if (member.type() == JsonValue::Type::kNull) return {};
      StageField& field = out.emplace_back();
      field.name = info.name;
      field.promtail = info.promtail;
      field.type = info.type;
      TELLTALE_TRY(DecodeField(member, field));
      if (IsExpression(field)) field.text = Regex::WithPythonNames(field.text);
      return {};
    }
    return {};
  }));
  // The order of the table, whatever the document's.
  const auto place = [kind](const StageField& field) {
    return std::ranges::find_if(kFields, [&](const FieldInfo& info) {
      return info.kind == kind && info.name == field.name;
    });
  };
  std::ranges::stable_sort(out, {}, place);
  return {};
}

Status DecodeMetrics(JsonValue value, StageFields& out) {
  StageField& list = out.emplace_back();
  list.type = Type::kMetrics;
  return decode::Elements(value, [&](JsonValue item) {
    return DecodeFields(item, Kind::kMetrics, list.metrics.emplace_back());
  });
}

}  // namespace

std::string_view StageName(Kind kind) { return kKinds[static_cast<std::size_t>(kind)].name; }

std::string_view PromtailStageName(Kind kind) {
  return kKinds[static_cast<std::size_t>(kind)].promtail;
}

const StageField* PipelineStage::Find(std::string_view name) const {
  const auto found = std::ranges::find(fields, name, &StageField::name);
  return found == fields.end() ? nullptr : &*found;
}

Status DecodeMultiline(JsonValue value, PipelineStage& out) {
  out.kind = Kind::kMultiline;
  TELLTALE_TRY(DecodeFields(value, out.kind, out.fields));
  return CheckStage(out);
}

Status DecodePipelineStage(JsonValue value, PipelineStage& out) {
  int kinds = 0;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    for (std::size_t i = 0; i < kKinds.size(); ++i) {
      if (kKinds[i].name != key || member.type() == JsonValue::Type::kNull) continue;
      ++kinds;
      out.kind = static_cast<Kind>(i);
      return out.kind == Kind::kMetrics ? DecodeMetrics(member, out.fields)
                                        : DecodeFields(member, out.kind, out.fields);
    }
    return {};
  }));
  if (kinds != 1) {
    return decode::Wrong(
        "must be one of json, logfmt, regex, timestamp, labels, labelDrop, structuredMetadata, "
        "drop, sample, limit, replace, template, output, match, decolorize, metrics, alert and "
        "multiline");
  }
  return decode::In(StageName(out.kind), CheckStage(out));
}

}  // namespace telltale
