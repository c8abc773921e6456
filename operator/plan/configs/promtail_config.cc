// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_config.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/text/yaml_writer.h"
#include "operator/plan/configs/config_budget.h"
#include "operator/plan/configs/node_logs.h"
#include "operator/plan/configs/promtail_relabel.h"
#include "operator/plan/configs/promtail_stages.h"
#include "operator/plan/matching.h"

namespace telltale {
namespace {

constexpr int kHttpPort = 3101;
constexpr std::string_view kPushPath = "/loki/api/v1/push";
constexpr std::string_view kUsername = "${TELLTALE_LOKI_USERNAME}";  // of the chart's DaemonSet

// health_check_target: false, because Promtail otherwise is not ready until it tails a file, and
// a cluster without a single Stdout target is no fault. Reloading is switched on by a flag in the
// chart and not here: Promtail before 2.7 does not know the key and would not start.
void WriteServer(YamlWriter& yaml) {
  yaml.Key("server").BeginMap();
  yaml.Key("http_listen_port").Int(kHttpPort);
  yaml.Key("grpc_listen_port").Int(0);
  yaml.Key("health_check_target").Bool(false);
  yaml.EndMap();
}

void WriteFile(YamlWriter& yaml, std::string_view field, std::string_view key) {
  yaml.Field(field, std::string(kPromtailCredentials).append("/").append(key));
}

// Not as username_file, which Promtail 2.2.1 does not know.
bool HasUsername(const std::set<std::string>& keys) {
  return keys.contains("username") && keys.contains("password") && !keys.contains("token");
}

// As for sidecars, a token goes before a password. Promtail reads a changed file again, but does
// not start if one is missing.
void WriteCredentials(YamlWriter& yaml, const std::set<std::string>& keys) {
  if (keys.contains("token")) {
    WriteFile(yaml, "bearer_token_file", "token");
  } else if (keys.contains("password")) {
    yaml.Key("basic_auth").BeginMap();
    if (HasUsername(keys)) yaml.Field("username", kUsername);
    WriteFile(yaml, "password_file", "password");
    yaml.EndMap();
  }
  const bool client = keys.contains("tls.crt") && keys.contains("tls.key");
  if (!client && !keys.contains("ca.crt")) return;
  yaml.Key("tls_config").BeginMap();
  if (keys.contains("ca.crt")) WriteFile(yaml, "ca_file", "ca.crt");
  if (client) {
    WriteFile(yaml, "cert_file", "tls.crt");
    WriteFile(yaml, "key_file", "tls.key");
  }
  yaml.EndMap();
}

void WriteClients(YamlWriter& yaml, const PromtailOptions& options) {
  std::string_view url = options.loki_url;
  while (url.ends_with('/')) url.remove_suffix(1);
  yaml.Key("clients").BeginSeq().BeginMap();
  yaml.Field("url", std::string(url).append(kPushPath));
  if (!options.tenant.empty()) yaml.Field("tenant_id", options.tenant);
  WriteCredentials(yaml, options.secret_keys);
  yaml.EndMap().EndSeq();
}

// No `selectors`: without them Promtail adds spec.nodeName=$HOSTNAME to role pod by itself (the
// chart sets HOSTNAME to the node's name), and so each agent watches only its own node's pods.
void WriteDiscovery(YamlWriter& yaml, const MonitoringTarget& target, const World& world) {
  yaml.Key("kubernetes_sd_configs").BeginSeq().BeginMap();
  yaml.Field("role", "pod");
  const bool any = target.namespaces && target.namespaces->any &&
                   !AsksBeyondTrust(target, world.trusted_namespaces);
  if (!any) {
    yaml.Key("namespaces").BeginMap().Key("names").BeginSeq();
    for (const auto& ns : SelectedNamespaces(target, world)) yaml.String(ns);
    yaml.EndSeq().EndMap();
  }
  yaml.EndMap().EndSeq();
}

bool HasScrapeConfig(const MonitoringTarget& target, const World& world) {
  if (!ReadByNodeAgent(target)) return false;
  if (target.selector.empty() && !target.selector.match_all) return false;
  // An empty list of names would mean every namespace to Promtail.
  return !SelectedNamespaces(target, world).empty();
}

void WriteScrapeConfig(YamlWriter& yaml, const MonitoringTarget& target, const World& world) {
  yaml.BeginMap();
  yaml.Field("job_name", target.meta.Key());
  yaml.Key("pipeline_stages");
  WritePromtailStages(*target.logs, yaml);
  WriteDiscovery(yaml, target, world);
  yaml.Key("relabel_configs");
  WritePromtailRelabeling(target, yaml);
  yaml.EndMap();
}

constexpr std::string_view kScrapeConfigs = "scrape_configs:\n";

// The target's element of the list under scrape_configs, as it stands in the whole file.
std::string RenderScrapeConfig(const MonitoringTarget& target, const World& world) {
  YamlWriter yaml;
  yaml.BeginMap().Key("scrape_configs").BeginSeq();
  WriteScrapeConfig(yaml, target, world);
  yaml.EndSeq().EndMap();
  return yaml.Text().substr(kScrapeConfigs.size());
}

std::string RenderHead(const PromtailOptions& options) {
  YamlWriter yaml;
  yaml.BeginMap();
  WriteServer(yaml);
  yaml.Key("positions").BeginMap();
  yaml.Field("filename", "/run/promtail/positions.yaml").EndMap();
  WriteClients(yaml, options);
  yaml.EndMap();
  return yaml.Text();
}

std::string Doubled(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '$' || c == '\\') out += c;
  }
  return out;
}

// -config.expand-env, which the chart sets if there is a username, replaces ${NAME} everywhere in
// the file and reads $$ as $ and \\ as \. A block keeps quotes and backslashes of the username as
// they are and drops a newline at its end.
std::string ForExpansion(const std::string& yaml) {
  const std::string quoted = std::string("\"").append(kUsername).append("\"");
  const std::size_t at = yaml.find(quoted);
  std::string out = Doubled(std::string_view(yaml).substr(0, at));
  out.append("|2-\n        ").append(kUsername);
  return out + Doubled(std::string_view(yaml).substr(at + quoted.size()));
}

}  // namespace

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
  const bool expanded = HasUsername(options.secret_keys);
  PromtailPlan plan;
  plan.text = RenderHead(options);
  if (expanded) plan.text = ForExpansion(plan.text);
  plan.text += kScrapeConfigs;
  std::map<std::string, BudgetPart> sizes;
  for (const auto& target : world.targets) {
    if (!HasScrapeConfig(*target, world)) continue;
    std::string text = RenderScrapeConfig(*target, world);
    if (expanded) text = Doubled(text);
    const std::string key = target->meta.Key();
    const auto found = there.find(key);
    sizes[key] = {text.size(), found != there.end()};
    const bool same = found != there.end() && found->second == text;
    plan.parts[key] = {target->meta.generation, same, std::move(text)};
  }
  plan.left_out = OverBudget(sizes, budget - std::min(budget, plan.text.size()));
  if (plan.left_out.size() == plan.parts.size()) plan.text += "  []\n";
  for (const auto& target : world.targets) {
    const auto part = plan.parts.find(target->meta.Key());
    if (part == plan.parts.end() || plan.left_out.contains(part->first)) continue;
    plan.text += part->second.text;
  }
  return plan;
}

std::string RenderPromtailConfig(const World& world, const PromtailOptions& options) {
  return PlanPromtailConfig(world, options, "", std::numeric_limits<std::size_t>::max()).text;
}

}  // namespace telltale
