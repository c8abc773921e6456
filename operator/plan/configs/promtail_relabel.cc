// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_relabel.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "common/base/origin_labels.h"
#include "operator/model/pod.h"
#include "operator/plan/configs/promtail_stages.h"

namespace telltale {
namespace {

constexpr std::string_view kLabel = "__meta_kubernetes_pod_label_";
constexpr std::string_view kLabelPresent = "__meta_kubernetes_pod_labelpresent_";
constexpr std::string_view kNamespace = "__meta_kubernetes_namespace";
constexpr std::string_view kPodName = "__meta_kubernetes_pod_name";
constexpr std::string_view kContainer = "__meta_kubernetes_pod_container_name";
// Promtail drops labels that begin so before the lines.
constexpr std::string_view kFolder = "__tmp_folder";

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

void WriteReplace(std::vector<std::string> sources, std::string separator, std::string regex,
                  std::string_view target, std::string replacement, YamlWriter& yaml) {
  Write({.sources = std::move(sources),
         .regex = std::move(regex),
         .separator = std::move(separator),
         .target = std::string(target),
         .replacement = std::move(replacement),
         .action = {}},
        yaml);
}

void WriteCopy(std::string_view source, std::string_view target, YamlWriter& yaml) {
  WriteReplace({std::string(source)}, {}, {}, target, "$1", yaml);
}

void WriteDropSidecar(YamlWriter& yaml) {
  Write({.sources = {std::string(kContainer)},
         .regex = std::string(kSidecarContainer),
         .separator = {},
         .target = {},
         .replacement = {},
         .action = "drop"},
        yaml);
}

// The first of the four that is not empty: AppLabel as a rule.
void WriteAppLabel(YamlWriter& yaml) {
  WriteReplace({MetaLabel(kLabel, "app.kubernetes.io/name"), MetaLabel(kLabel, "app"),
                MetaLabel(kLabel, "k8s-app"), std::string(kContainer)},
               {}, ";*([^;]+)(?:;.*)?", "app", "$1", yaml);
}

// The folder of a pod below /var/log/pods is NAMESPACE_NAME_UID. Neither has a "_".
void WriteFolder(YamlWriter& yaml) {
  WriteReplace({std::string(kNamespace), std::string(kPodName), "__meta_kubernetes_pod_uid"}, "_",
               "([a-z0-9-]+_[a-z0-9.-]+_[a-zA-Z0-9-]+)", kFolder, "$1", yaml);
}

// The kubelet names the folder of a static pod by a hash that the API has only in an annotation.
// The mirror pod, which stands for it in the API, belongs to its Node. Any UID will do: the
// namespace and the name are still those of this pod. The last source is never there: it ends the
// text with the separator.
void WriteStaticFolder(YamlWriter& yaml) {
  WriteReplace({"__meta_kubernetes_pod_controller_kind", std::string(kNamespace),
                std::string(kPodName), "__tmp_none"},
               "_", "Node_([a-z0-9-]+_[a-z0-9.-]+_)", kFolder, "$1*", yaml);
}

void WritePath(YamlWriter& yaml) {
  WriteReplace({std::string(kFolder), std::string(kContainer)}, "/", "([^/]+/[a-z0-9-]+)",
               "__path__", "/var/log/pods/$1/*.log", yaml);
}

struct SharedRule {
  std::string_view name;
  void (*write)(YamlWriter&);
};
// In the order in which they are applied.
constexpr SharedRule kShared[] = {
    {"no_sidecar", WriteDropSidecar},
    {"namespace", [](YamlWriter& yaml) { WriteCopy(kNamespace, "namespace", yaml); }},
    {"pod", [](YamlWriter& yaml) { WriteCopy(kPodName, "pod", yaml); }},
    {"container", [](YamlWriter& yaml) { WriteCopy(kContainer, "container", yaml); }},
    {"node", [](YamlWriter& yaml) { WriteCopy("__meta_kubernetes_pod_node_name", "node", yaml); }},
    {"app", WriteAppLabel},
    {"folder", WriteFolder},
    {"static_folder", WriteStaticFolder},
    {"path", WritePath},
};

void WriteNamespaces(std::span<const std::string> namespaces, YamlWriter& yaml) {
  std::string regex;
  for (const auto& ns : namespaces) regex.append(regex.empty() ? "" : "|").append(QuoteRegex(ns));
  Write({.sources = {std::string(kNamespace)},
         .regex = regex,
         .separator = {},
         .target = {},
         .replacement = {},
         .action = "keep"},
        yaml);
}

// Names of containers as a rule: `action` is keep or drop.
void WriteContainers(const std::vector<std::string>& names, std::string_view action,
                     YamlWriter& yaml) {
  std::string regex;
  for (const auto& name : names) regex.append(regex.empty() ? "" : "|").append(QuoteRegex(name));
  if (regex.empty()) return;
  Write({.sources = {std::string(kContainer)},
         .regex = regex,
         .separator = {},
         .target = {},
         .replacement = {},
         .action = std::string(action)},
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

void WriteSharedRules(YamlWriter& yaml) {
  for (const SharedRule& rule : kShared) {
    yaml.Anchor(rule.name);
    rule.write(yaml);
  }
}

bool IsSharedRule(std::string_view name) {
  return std::ranges::find(kShared, name, &SharedRule::name) != std::end(kShared);
}

void WritePromtailRelabeling(const MonitoringTarget& target,
                             std::span<const std::string> namespaces, YamlWriter& yaml) {
  yaml.BeginSeq();
  if (!namespaces.empty()) WriteNamespaces(namespaces, yaml);
  WriteSelector(target.selector, yaml);
  WriteContainers(target.logs->containers, "keep", yaml);
  WriteContainers(target.logs->exclude_containers, "drop", yaml);
  for (const SharedRule& rule : kShared) yaml.Alias(rule.name);
  for (const auto& [name, value] : target.logs->labels) {
    WriteReplace({}, {}, {}, name, QuoteReplacement(value), yaml);
  }
  if (HasMetrics(target.logs->pipeline)) {
    WriteReplace({}, {}, {}, kTargetLabel, target.meta.Key(), yaml);
  }
  yaml.EndSeq();
}

}  // namespace telltale
