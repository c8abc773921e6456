// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_tables.h"

#include <algorithm>
#include <iterator>

namespace telltale {
namespace {

using Value = PromtailValue;

constexpr PromtailStage kStages[] = {{"cri", "cri"},
                                     {"decolorize", "decolorize", true},
                                     {"drop", "drop"},
                                     {"json", "json"},
                                     {"labeldrop", "labelDrop"},
                                     {"labels", "labels"},
                                     {"limit", "limit", true},
                                     {"logfmt", "logfmt", true},
                                     {"match", "match"},
                                     {"metrics", "metrics"},
                                     {"multiline", "multiline"},
                                     {"output", "output"},
                                     {"regex", "regex"},
                                     {"replace", "replace"},
                                     {"sampling", "sample", true},
                                     {"structured_metadata", "structuredMetadata", true},
                                     {"template", "template"},
                                     {"tenant", "tenant"},
                                     {"timestamp", "timestamp"}};

constexpr PromtailOption kOptions[] = {
    {"drop", "drop_counter_reason", "dropCounterReason", Value::kText},
    {"drop", "expression", "expression", Value::kRegex},
    {"drop", "longer_than", "longerThan", Value::kBytes},
    {"drop", "older_than", "olderThan", Value::kDuration},
    {"drop", "separator", "separator", Value::kText, false, true},
    {"drop", "source", "source", Value::kName},
    {"drop", "value", "value", Value::kText},
    {"json", "drop_malformed", "dropMalformed", Value::kFlag, false, true},
    {"json", "expressions", "expressions", Value::kPaths, true},
    {"json", "source", "source", Value::kName},
    {"limit", "burst", "burst", Value::kWhole, true},
    {"limit", "drop", "drop", Value::kFlag},
    {"limit", "rate", "rate", Value::kPositive, true},
    {"logfmt", "mapping", "mapping", Value::kKeys, true},
    {"logfmt", "source", "source", Value::kName},
    {"match", "action", "action", Value::kMatchAction},
    {"match", "drop_counter_reason", "dropCounterReason", Value::kText},
    {"match", "selector", "selector", Value::kSelector, true},
    {"match", "stages", "stages", Value::kAny},
    {"metric", "action", "action", Value::kText},
    {"metric", "buckets", "buckets", Value::kAny},
    {"metric", "count_entry_bytes", "countEntryBytes", Value::kFlag},
    {"metric", "match_all", "matchAll", Value::kFlag},
    {"metric", "max_idle_duration", "maxIdle", Value::kIdle},
    {"metric", "prefix", "prefix", Value::kName, true},
    {"metric", "source", "source", Value::kName},
    {"metric", "type", "type", Value::kName, true},
    {"metric", "value", "value", Value::kText},
    {"multiline", "firstline", "firstline", Value::kRegex, true},
    {"multiline", "max_lines", "maxLines", Value::kWhole},
    {"multiline", "max_wait_time", "maxWait", Value::kDuration},
    {"output", "source", "source", Value::kName, true},
    {"regex", "expression", "expression", Value::kRegex, true},
    {"regex", "source", "source", Value::kName},
    {"replace", "expression", "expression", Value::kRegex, true},
    {"replace", "replace", "replace", Value::kTemplate},
    {"replace", "source", "source", Value::kName},
    {"sampling", "drop_counter_reason", "dropCounterReason", Value::kText},
    {"sampling", "rate", "rate", Value::kShare, true},
    {"template", "source", "source", Value::kName, true},
    {"template", "template", "template", Value::kTemplate, true},
    {"tenant", "value", "tenant", Value::kName, true},
    {"timestamp", "action_on_failure", "actionOnFailure", Value::kOnFailure},
    {"timestamp", "fallback_formats", "fallbackFormats", Value::kTexts},
    {"timestamp", "format", "format", Value::kName, true},
    {"timestamp", "location", "location", Value::kZone},
    {"timestamp", "source", "source", Value::kName, true}};

}  // namespace

const PromtailStage* FindPromtailStage(std::string_view name) {
  const auto found = std::ranges::find(kStages, name, &PromtailStage::name);
  return found == std::end(kStages) ? nullptr : found;
}

const PromtailOption* FindPromtailOption(std::string_view stage, std::string_view name) {
  const auto found = std::ranges::find_if(kOptions, [&](const PromtailOption& option) {
    return option.stage == stage && option.name == name;
  });
  return found == std::end(kOptions) ? nullptr : found;
}

std::span<const PromtailOption> AllPromtailOptions() { return kOptions; }

}  // namespace telltale
