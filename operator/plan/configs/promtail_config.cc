// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_config.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "common/text/yaml_writer.h"
#include "operator/plan/configs/config_budget.h"
#include "operator/plan/configs/node_logs.h"
#include "operator/plan/configs/promtail_check.h"
#include "operator/plan/configs/promtail_head.h"
#include "operator/plan/configs/promtail_relabel.h"
#include "operator/plan/configs/promtail_stages.h"
#include "operator/plan/matching.h"

namespace telltale {
namespace {

// No `selectors`: without them Promtail adds spec.nodeName=$HOSTNAME to role pod by itself (the
// chart sets HOSTNAME to the node's name), and so each agent watches only its own node's pods. No
// `namespaces` either: a rule keeps those that are meant, so that all discoveries are equal.
void WriteDiscovery(YamlWriter& yaml) {
  yaml.Key("kubernetes_sd_configs").BeginSeq().BeginMap();
  yaml.Field("role", "pod");
  yaml.EndMap().EndSeq();
}

bool AllNamespaces(const MonitoringTarget& target, const World& world) {
  return target.namespaces && target.namespaces->any &&
         !AsksBeyondTrust(target, world.trusted_namespaces);
}

bool HasScrapeConfig(const MonitoringTarget& target, const World& world) {
  if (!ReadByNodeAgent(target)) return false;
  if (target.selector.empty() && !target.selector.match_all) return false;
  // An empty list of names would mean every namespace.
  return !SelectedNamespaces(target, world).empty();
}

void WriteScrapeConfig(YamlWriter& yaml, const MonitoringTarget& target, const World& world) {
  yaml.BeginMap();
  yaml.Field("job_name", target.meta.Key());
  yaml.Key("pipeline_stages");
  WritePromtailStages(*target.logs, yaml);
  WriteDiscovery(yaml);
  yaml.Key("relabel_configs");
  std::vector<std::string> namespaces;
  if (!AllNamespaces(target, world)) namespaces = SelectedNamespaces(target, world);
  WritePromtailRelabeling(target, namespaces, yaml);
  yaml.EndMap();
}

// Reads nothing; the rules that all others refer to stand here.
void WriteSharedConfig(YamlWriter& yaml) {
  yaml.BeginMap();
  yaml.Field("job_name", "telltale");
  WriteDiscovery(yaml);
  yaml.Key("relabel_configs").BeginSeq();
  yaml.BeginMap().Field("action", "drop").EndMap();
  WriteSharedRules(yaml);
  yaml.EndSeq().EndMap();
}

constexpr std::string_view kScrapeConfigs = "scrape_configs:\n";

// An element of the list under scrape_configs, as it stands in the whole file.
template <class Write>
std::string RenderElement(Write write) {
  YamlWriter yaml;
  yaml.BeginMap().Key("scrape_configs").BeginSeq();
  write(yaml);
  yaml.EndSeq().EndMap();
  return yaml.Text().substr(kScrapeConfigs.size());
}

// What Promtail would refuse, and names of metrics that another MonitoringTarget has. Names belong
// to those whose text is in the file already: nobody loses one to a resource that is changed.
void RefuseParts(std::map<std::string, PromtailPlan::Part>& parts, const std::string& version,
                 std::size_t budget) {
  PromtailCheck check(version);
  std::map<std::string, std::vector<PromtailMetric>> metrics;
  for (auto& [key, part] : parts) {
    if (part.text.size() > budget) continue;  // it cannot be written, right or wrong
    const Status status = check.Check(part.text);
    if (!status.ok()) part.refused = status.error().message;
    metrics[key] = check.metrics();
  }
  MetricNames names;
  for (const bool held : {true, false}) {
    for (auto& [key, part] : parts) {
      if (part.held == held && part.refused.empty()) part.refused = names.Take(metrics[key]);
    }
  }
}

}  // namespace

constinit const std::string_view kPromtailUsername = "${TELLTALE_LOKI_USERNAME}";

// No text in the file has a line break of its own: the writer quotes and escapes every string.
std::map<std::string_view, std::string_view> ScrapeConfigsOf(std::string_view file) {
  constexpr std::string_view kBegin = "\n  - job_name: \"";
  std::map<std::string_view, std::string_view> parts;
  std::size_t begin = file.find(kBegin);
  while (begin != std::string_view::npos) {
    const std::string_view rest = file.substr(begin + 1);
    const std::size_t next = rest.find(kBegin);
    const std::string_view part = rest.substr(0, next == std::string_view::npos ? next : next + 1);
    const std::string_view name = part.substr(kBegin.size() - 1);
    parts[name.substr(0, name.find('"'))] = part;
    begin = next == std::string_view::npos ? next : begin + 1 + next;
  }
  return parts;
}

PromtailPlan PlanPromtailConfig(const World& world, const PromtailOptions& options,
                                std::string_view held, std::size_t budget) {
  const auto there = ScrapeConfigsOf(held);
  const auto escaped = [&](const std::string& text) {
    return IsExpanded(options) ? Doubled(text) : text;
  };
  PromtailPlan plan;
  for (const auto& target : world.targets) {
    if (!HasScrapeConfig(*target, world)) continue;
    std::string text =
        RenderElement([&](YamlWriter& yaml) { WriteScrapeConfig(yaml, *target, world); });
    const std::string key = target->meta.Key();
    const auto found = there.find(key);
    const bool same = found != there.end() && found->second == escaped(text);
    plan.parts[key] = {target->meta.generation, same, std::move(text), {}};
  }
  RefuseParts(plan.parts, options.version, budget);
  plan.text = RenderPromtailHead(options) + std::string(kScrapeConfigs);
  const std::string shared = escaped(RenderElement(WriteSharedConfig));
  std::map<std::string, BudgetPart> sizes;
  for (auto& [key, part] : plan.parts) {
    if (!part.refused.empty()) continue;
    part.text = escaped(part.text);
    sizes[key] = {part.text.size(), there.contains(key)};
  }
  const std::size_t used = plan.text.size() + shared.size();
  plan.left_out = OverBudget(sizes, budget - std::min(budget, used));
  const bool none = plan.left_out.size() == sizes.size();
  plan.text += none ? "  []\n" : shared;
  for (const auto& [key, size] : sizes) {
    if (!plan.left_out.contains(key)) plan.text += plan.parts[key].text;
  }
  return plan;
}

std::string RenderPromtailConfig(const World& world, const PromtailOptions& options) {
  return PlanPromtailConfig(world, options, "", std::numeric_limits<std::size_t>::max()).text;
}

}  // namespace telltale
