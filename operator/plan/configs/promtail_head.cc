// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_head.h"

#include <set>

#include "common/text/yaml_writer.h"
#include "operator/plan/configs/promtail_config.h"

namespace telltale {
namespace {

constexpr int kHttpPort = 3101;
constexpr std::string_view kPushPath = "/loki/api/v1/push";

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
    if (HasUsername(keys)) yaml.Field("username", kPromtailUsername);
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

std::string Render(const PromtailOptions& options) {
  YamlWriter yaml;
  yaml.BeginMap();
  WriteServer(yaml);
  yaml.Key("positions").BeginMap();
  yaml.Field("filename", "/run/promtail/positions.yaml").EndMap();
  WriteClients(yaml, options);
  yaml.EndMap();
  return yaml.Text();
}

// -config.expand-env, which the chart sets if there is a username, replaces ${NAME} everywhere in
// the file and reads $$ as $ and \\ as \. A block keeps quotes and backslashes of the username as
// they are and drops a newline at its end.
std::string ForExpansion(const std::string& yaml) {
  const std::string quoted = std::string("\"").append(kPromtailUsername).append("\"");
  const std::size_t at = yaml.find(quoted);
  std::string out = Doubled(std::string_view(yaml).substr(0, at));
  out.append("|2-\n        ").append(kPromtailUsername);
  return out + Doubled(std::string_view(yaml).substr(at + quoted.size()));
}

}  // namespace

bool IsExpanded(const PromtailOptions& options) { return HasUsername(options.secret_keys); }

std::string Doubled(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c;
    if (c == '$' || c == '\\') out += c;
  }
  return out;
}

std::string RenderPromtailHead(const PromtailOptions& options) {
  std::string head = Render(options);
  return IsExpanded(options) ? ForExpansion(head) : head;
}

}  // namespace telltale
