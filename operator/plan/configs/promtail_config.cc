// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_config.h"

#include "common/text/yaml_writer.h"
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

std::string RenderPromtailConfig(const World& world, const PromtailOptions& options) {
  YamlWriter yaml;
  yaml.BeginMap();
  WriteServer(yaml);
  yaml.Key("positions").BeginMap();
  yaml.Field("filename", "/run/promtail/positions.yaml").EndMap();
  WriteClients(yaml, options);
  yaml.Key("scrape_configs").BeginSeq();
  for (const auto& target : world.targets) {
    if (HasScrapeConfig(*target, world)) WriteScrapeConfig(yaml, *target, world);
  }
  yaml.EndSeq().EndMap();
  return HasUsername(options.secret_keys) ? ForExpansion(yaml.Text()) : yaml.Text();
}

}  // namespace telltale
