// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_check.h"

#include <algorithm>
#include <optional>

#include "common/base/origin_labels.h"
#include "common/base/strings.h"
#include "operator/plan/configs/promtail_relabel.h"
#include "operator/plan/configs/promtail_stages.h"
#include "operator/plan/configs/promtail_tables.h"

namespace telltale {
namespace {

using Value = PromtailValue;
using Kind = YamlNode::Kind;

Error At(const std::string& path, std::string_view what) {
  return Fail(Code::kInvalid, path + ": " + std::string(what));
}

// The part without the lines that stand for a shared rule: our reader of YAML takes no aliases.
Result<std::string> WithoutAliases(std::string_view part) {
  std::string out;
  while (!part.empty()) {
    const std::string_view line = part.substr(0, part.find('\n') + 1);
    part.remove_prefix(line.empty() ? part.size() : line.size());
    const std::string_view trimmed = Trim(line);
    if (!trimmed.starts_with("- *")) {
      out += line;
    } else if (!IsSharedRule(trimmed.substr(3))) {
      return Fail(Code::kInvalid, "spec.logs: its part of Promtail's file has an unknown alias");
    }
  }
  return out;
}

// Of "3.6.4" and of an image's tag such as "v3.6.4-amd64".
std::optional<std::int64_t> Major(std::string_view version) {
  if (version.starts_with('v')) version.remove_prefix(1);
  return ParseInt(version.substr(0, version.find('.')));
}

std::string ScalarOf(const YamlNode& map, std::string_view key) {
  const YamlNode* found = map.Find(key);
  return found == nullptr ? "" : found->scalar;
}

// A metric's options stand in two maps; all that matters is in both together.
YamlNode Joined(const YamlNode& metric) {
  YamlNode all;
  all.kind = Kind::kMap;
  for (const auto& field : metric.fields) {
    if (field.first != "config") all.fields.push_back(field);
  }
  if (const YamlNode* config = metric.Find("config")) {
    for (const auto& field : config->fields) all.fields.push_back(field);
  }
  return all;
}

}  // namespace

PromtailCheck::PromtailCheck(std::string_view version)
    : version_(version), newer_(Major(version).value_or(0) >= 3) {}

Error PromtailCheck::NotKnown(const std::string& path, std::string_view what) const {
  const std::string who =
      Major(version_) ? "Promtail " + version_ + " has no such "
                      : "Promtail of the unknown release \"" + version_ + "\" may lack this ";
  return At(path, who + std::string(what) +
                      ": remove it, read the logs with collector: Sidecar, or let the "
                      "administrator set logs.collector: telltale");
}

Status PromtailCheck::Check(std::string_view part) {
  metrics_.clear();
  auto text = WithoutAliases(part);
  if (!text) return text.error();
  auto root = ParseYaml(*text);
  if (!root)
    return At("spec.logs", "its part of Promtail's file is no YAML: " + root.error().message);
  if (root->kind != Kind::kSequence || root->items.size() != 1) {
    return At("spec.logs", "its part of Promtail's file is not one scrape config");
  }
  return ScrapeConfig(root->items[0]);
}

Status PromtailCheck::ScrapeConfig(const YamlNode& config) {
  static const YamlNode kNothing;
  for (const auto& [key, value] : config.fields) {
    if (key != "job_name" && key != "pipeline_stages" && key != "kubernetes_sd_configs" &&
        key != "relabel_configs") {
      return NotKnown("spec.logs", "field as " + key);
    }
  }
  const YamlNode* rules = config.Find("relabel_configs");
  TELLTALE_TRY(Relabeling(rules == nullptr ? kNothing : *rules));
  const YamlNode* stages = config.Find("pipeline_stages");
  // The first stage is ours.
  return Stages(stages == nullptr ? kNothing : *stages, "spec.logs.pipeline", 1);
}

Status PromtailCheck::Relabeling(const YamlNode& rules) const {
  for (const YamlNode& rule : rules.items) {
    const YamlNode* target = rule.Find("target_label");
    if (target == nullptr || IsLabelName(target->scalar)) continue;
    return At("spec.logs.labels", "\"" + target->scalar + "\" is no name of a label");
  }
  return {};
}

Status PromtailCheck::Stages(const YamlNode& stages, const std::string& path, std::size_t own) {
  for (std::size_t i = 0; i < stages.items.size(); ++i) {
    const YamlNode& item = stages.items[i];
    const std::string place = path + "[" + std::to_string(i - std::min(i, own)) + "]";
    if (item.kind != Kind::kMap || item.fields.size() != 1) return At(place, "must be one stage");
    const auto& [name, options] = item.fields[0];
    const PromtailStage* rule = FindPromtailStage(name);
    const std::string full = place + "." + std::string(rule == nullptr ? name : rule->ours);
    if (rule == nullptr || (rule->newer && !newer_)) return NotKnown(full, "stage");
    TELLTALE_TRY(Stage(name, options, full));
  }
  return {};
}

Status PromtailCheck::Stage(std::string_view stage, const YamlNode& options,
                            const std::string& path) {
  if (stage == "labels" || stage == "structured_metadata") return Labels(stage, options, path);
  if (stage == "metrics") return Metrics(options, path);
  if (stage == "labeldrop") {
    if (std::string wrong = PromtailRefuses(Value::kTexts, options, newer_); !wrong.empty()) {
      return At(path + ".names", wrong);
    }
    return {};
  }
  TELLTALE_TRY(Options(stage, options, path));
  if (stage == "drop") {
    if (options.Find("value") != nullptr && options.Find("expression") != nullptr) {
      return At(path, "takes value or expression, not both");
    }
    for (const std::string_view key : {"source", "expression", "older_than", "longer_than"}) {
      if (options.Find(key) != nullptr) return {};
    }
    return At(path, "needs a source, an expression, olderThan or longerThan");
  }
  if (stage != "match") return {};
  const YamlNode* nested = options.Find("stages");
  const bool drops = ScalarOf(options, "action") == "drop";
  if (drops != (nested == nullptr || nested->items.empty())) {
    return At(path, "has stages, or the action drop, and not both");
  }
  return nested == nullptr ? Status() : Stages(*nested, path + ".stages", 0);
}

Status PromtailCheck::Options(std::string_view stage, const YamlNode& options,
                              const std::string& path) {
  if (options.kind != Kind::kMap && options.kind != Kind::kNull) return At(path, "must be a map");
  for (const auto& [key, value] : options.fields) {
    const PromtailOption* rule = FindPromtailOption(stage, key);
    const std::string place = path + "." + std::string(rule == nullptr ? key : rule->ours);
    const bool list = stage == "drop" && key == "source" && value.kind == Kind::kSequence;
    // false is what an older Promtail does.
    const bool asked = value.kind != Kind::kScalar || value.quoted || value.scalar != "false";
    if (rule == nullptr || (!newer_ && asked && (rule->newer || list))) {
      return NotKnown(list ? path + ".sources" : place, "option");
    }
    const Value type = list ? Value::kTexts : rule->type;
    const std::string wrong = PromtailRefuses(type, value, newer_);
    if (!wrong.empty()) return At(place, wrong);
  }
  for (const PromtailOption& rule : AllPromtailOptions()) {
    if (rule.stage == stage && rule.required && options.Find(rule.name) == nullptr) {
      return At(path + "." + std::string(rule.ours), "is required");
    }
  }
  return {};
}

Status PromtailCheck::Labels(std::string_view stage, const YamlNode& values,
                             const std::string& path) const {
  if (std::string wrong = PromtailRefuses(Value::kKeys, values, newer_); !wrong.empty()) {
    return At(path + ".values", wrong);
  }
  for (const auto& [name, source] : values.fields) {
    if (!IsLabelName(name) || name.starts_with("__")) {
      return At(path + ".values", "\"" + name + "\" is no name of a label");
    }
    if (name == kTargetLabel && stage == "labels") {
      return At(path + ".values", "the label " + name + " is set by Telltale: choose another name");
    }
  }
  return {};
}

Status PromtailCheck::Metrics(const YamlNode& metrics, const std::string& path) {
  if (metrics.fields.empty()) return At(path, "needs at least one metric");
  for (const auto& [name, metric] : metrics.fields) {
    const YamlNode all = Joined(metric);
    const std::string place = path + "." + name;
    TELLTALE_TRY(Options("metric", all, place));
    PromtailMetric made{ScalarOf(all, "prefix") + name, ScalarOf(all, "type")};
    if (std::string wrong = MetricProblem(made, all); !wrong.empty()) return At(place, wrong);
    for (const PromtailMetric& other : metrics_) {
      if (other.name != made.name && !Clash(made, other)) continue;
      return At(place, "the name " + made.name + " clashes with " + other.name +
                           " of another metrics stage: Promtail needs one name for each metric");
    }
    metrics_.push_back(std::move(made));
  }
  return {};
}

}  // namespace telltale
