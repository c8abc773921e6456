// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_relabel.h"

#include <vector>

#include "operator/model/pod.h"

namespace telltale {
namespace {

constexpr std::string_view kLabel = "__meta_kubernetes_pod_label_";
constexpr std::string_view kLabelPresent = "__meta_kubernetes_pod_labelpresent_";
constexpr std::string_view kAnnotation = "__meta_kubernetes_pod_annotation_";
constexpr std::string_view kAnnotationPresent = "__meta_kubernetes_pod_annotationpresent_";
constexpr std::string_view kContainer = "__meta_kubernetes_pod_container_name";
constexpr std::string_view kUid = "__meta_kubernetes_pod_uid";
// Set on mirror pods, whose folder carries the hash where others have the uid.
constexpr std::string_view kConfigHash = "kubernetes.io/config.hash";

struct Rule {
  std::vector<std::string> sources;
  std::string regex;      // anchored by Prometheus
  std::string separator;  // empty: the default, ";"
  std::string target;     // with replacement: an action replace
  std::string replacement;
  std::string action;  // keep or drop, or empty for replace
};

void Write(const Rule& rule, YamlWriter& yaml) {
  yaml.BeginMap();
  if (!rule.sources.empty()) {
    yaml.Key("source_labels").BeginSeq();
    for (const auto& source : rule.sources) yaml.String(source);
    yaml.EndSeq();
  }
  if (!rule.separator.empty()) yaml.Field("separator", rule.separator);
  if (!rule.regex.empty()) yaml.Field("regex", rule.regex);
  if (rule.action.empty()) {
    yaml.Field("target_label", rule.target);
    yaml.Field("replacement", rule.replacement);
  } else {
    yaml.Field("action", rule.action);
  }
  yaml.EndMap();
}

// Presence and value together: a label that is there with an empty value is not an absent one.
void WriteValueRule(const std::string& key, const std::vector<std::string>& values,
                    std::string_view action, YamlWriter& yaml) {
  std::string regex;
  for (const auto& value : values) {
    regex.append(regex.empty() ? "true;(?:" : "|").append(QuoteRegex(value));
  }
  Write({.sources = {MetaLabel(kLabelPresent, key), MetaLabel(kLabel, key)},
         .regex = regex + ")",
         .separator = {},
         .target = {},
         .replacement = {},
         .action = std::string(action)},
        yaml);
}

void WritePresenceRule(const std::string& key, std::string_view action, YamlWriter& yaml) {
  Write({.sources = {MetaLabel(kLabelPresent, key)},
         .regex = "true",
         .separator = {},
         .target = {},
         .replacement = {},
         .action = std::string(action)},
        yaml);
}

void WriteSelector(const LabelSelector& selector, YamlWriter& yaml) {
  using Operator = LabelSelector::Operator;
  for (const auto& [key, value] : selector.match_labels) {
    WriteValueRule(key, {value}, "keep", yaml);
  }
  for (const auto& requirement : selector.match_expressions) {
    switch (requirement.op) {
      case Operator::kIn:
        WriteValueRule(requirement.key, requirement.values, "keep", yaml);
        break;
      case Operator::kNotIn:
        WriteValueRule(requirement.key, requirement.values, "drop", yaml);
        break;
      case Operator::kExists:
        WritePresenceRule(requirement.key, "keep", yaml);
        break;
      case Operator::kDoesNotExist:
        WritePresenceRule(requirement.key, "drop", yaml);
        break;
    }
  }
}

void WriteCopy(std::string_view source, std::string_view target, YamlWriter& yaml) {
  Write({.sources = {std::string(source)},
         .regex = {},
         .separator = {},
         .target = std::string(target),
         .replacement = "$1",
         .action = {}},
        yaml);
}

// The first of the four that is not empty: AppLabel as a rule.
void WriteAppLabel(YamlWriter& yaml) {
  Write({.sources = {MetaLabel(kLabel, "app.kubernetes.io/name"), MetaLabel(kLabel, "app"),
                     MetaLabel(kLabel, "k8s-app"), std::string(kContainer)},
         .regex = ";*([^;]+)(?:;.*)?",
         .separator = {},
         .target = "app",
         .replacement = "$1",
         .action = {}},
        yaml);
}

void WritePath(YamlWriter& yaml) {
  Write({.sources = {std::string(kUid), std::string(kContainer)},
         .regex = {},
         .separator = "/",
         .target = "__path__",
         .replacement = "/var/log/pods/*$1/*.log",
         .action = {}},
        yaml);
  Write({.sources = {MetaLabel(kAnnotationPresent, kConfigHash),
                     MetaLabel(kAnnotation, kConfigHash), std::string(kContainer)},
         .regex = "true/(.*)",
         .separator = "/",
         .target = "__path__",
         .replacement = "/var/log/pods/*$1/*.log",
         .action = {}},
        yaml);
}

// "$" starts a reference to a group in a replacement.
std::string QuoteReplacement(std::string_view text) {
  std::string out;
  for (const char c : text) out.append(c == '$' ? 2 : 1, c);
  return out;
}

}  // namespace

std::string MetaLabel(std::string_view prefix, std::string_view key) {
  std::string name(prefix);
  for (const char c : key) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name.push_back(plain ? c : '_');
  }
  return name;
}

std::string QuoteRegex(std::string_view text) {
  constexpr std::string_view kSpecial = R"(\.+*?()|[]{}^$)";
  std::string out;
  for (const char c : text) {
    if (kSpecial.find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

void WritePromtailRelabeling(const MonitoringTarget& target, YamlWriter& yaml) {
  yaml.BeginSeq();
  WriteSelector(target.selector, yaml);
  Write({.sources = {std::string(kContainer)},
         .regex = std::string(kSidecarContainer),
         .separator = {},
         .target = {},
         .replacement = {},
         .action = "drop"},
        yaml);
  WriteCopy("__meta_kubernetes_namespace", "namespace", yaml);
  WriteCopy("__meta_kubernetes_pod_name", "pod", yaml);
  WriteCopy(kContainer, "container", yaml);
  WriteCopy("__meta_kubernetes_pod_node_name", "node", yaml);
  WriteAppLabel(yaml);
  WritePath(yaml);
  for (const auto& [name, value] : target.logs->labels) {
    Write({.sources = {},
           .regex = {},
           .separator = {},
           .target = name,
           .replacement = QuoteReplacement(value),
           .action = {}},
          yaml);
  }
  yaml.EndSeq();
}

}  // namespace telltale
