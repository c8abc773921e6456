// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/kube_config_exec.h"

#include <string>
#include <utility>

namespace telltale {
namespace {

constexpr std::string_view kExtension = "client.authentication.k8s.io/exec";

Status ReadArguments(const KubeConfigEntry& user, const YamlNode& node, ExecPlugin& plugin) {
  const YamlNode* list = node.Find("args");
  if (list == nullptr) return {};
  for (const YamlNode& item : list->items) {
    if (item.kind != YamlNode::Kind::kScalar || item.scalar.find('\0') != std::string::npos) {
      return user.file->Refuse(item, "exec: args are a list of texts");
    }
    plugin.arguments.push_back(item.scalar);
  }
  return {};
}

Status ReadEnvironment(const KubeConfigEntry& user, const YamlNode& node, ExecPlugin& plugin) {
  const YamlNode* list = node.Find("env");
  if (list == nullptr) return {};
  for (const YamlNode& item : list->items) {
    std::string name = YamlText(item, "name"), value = YamlText(item, "value");
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value.find('\0') != std::string::npos) {
      return user.file->Refuse(item, "exec: env is a list of {name, value}");
    }
    plugin.environment.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

// v1 has to say it; there is nobody to talk to in any case.
Status CheckMode(const KubeConfigEntry& user, const YamlNode& node, const ExecPlugin& plugin) {
  const std::string mode = YamlText(node, "interactiveMode");
  if (mode == "Never" || mode == "IfAvailable") return {};
  if (mode == "Always") {
    return user.file->Refuse(
        node, "exec: interactiveMode Always needs a terminal, which the operator does not have");
  }
  if (mode.empty() && plugin.api_version == kExecV1Beta1) return {};
  return user.file->Refuse(node, "exec: interactiveMode must be Never or IfAvailable");
}

}  // namespace

Result<std::optional<ExecPlugin>> ReadExecPlugin(const KubeConfigEntry& user) {
  const YamlNode* node = user.node->Find("exec");
  if (node == nullptr || node->kind == YamlNode::Kind::kNull) return std::optional<ExecPlugin>();
  if (node->kind != YamlNode::Kind::kMap) return user.file->Refuse(*node, "exec is not a map");

  ExecPlugin plugin;
  plugin.command = YamlText(*node, "command");
  if (plugin.command.empty() || plugin.command.find('\0') != std::string::npos) {
    return user.file->Refuse(*node, "exec: there is no command");
  }
  // A name alone is looked for in PATH; a relative path starts at the file.
  if (plugin.command.find('/') != std::string::npos) {
    plugin.command = user.file->Path(plugin.command);
  }
  plugin.api_version = YamlText(*node, "apiVersion");
  if (plugin.api_version != kExecV1 && plugin.api_version != kExecV1Beta1) {
    return user.file->Refuse(*node, "exec: apiVersion must be " + std::string(kExecV1) + " or " +
                                        std::string(kExecV1Beta1));
  }
  plugin.install_hint = YamlText(*node, "installHint");
  plugin.provide_cluster_info = YamlText(*node, "provideClusterInfo") == "true";
  TELLTALE_TRY(ReadArguments(user, *node, plugin));
  TELLTALE_TRY(ReadEnvironment(user, *node, plugin));
  TELLTALE_TRY(CheckMode(user, *node, plugin));
  return std::optional<ExecPlugin>(std::move(plugin));
}

void TellPlugin(const KubeConfigEntry& cluster, const KubeConfig& config, ExecPlugin& exec) {
  if (!exec.provide_cluster_info) {
    exec.info = ExecInfoJson(exec.api_version, nullptr);
    return;
  }
  ExecCluster told;
  told.server = YamlText(*cluster.node, "server");
  told.tls_server_name = config.tls_server_name;
  told.ca_pem = config.ca_pem;
  told.proxy_url = YamlText(*cluster.node, "proxy-url");
  told.insecure_skip_verify = config.insecure_skip_verify;
  const YamlNode* extensions = cluster.node->Find("extensions");
  for (const YamlNode& item : extensions != nullptr ? extensions->items : std::vector<YamlNode>()) {
    const YamlNode* extension = item.Find("extension");
    if (YamlText(item, "name") == kExtension && extension != nullptr) {
      told.config_json = YamlToJson(*extension);
    }
  }
  exec.info = ExecInfoJson(exec.api_version, &told);
}

}  // namespace telltale
