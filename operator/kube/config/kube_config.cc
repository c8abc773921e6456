// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/kube_config.h"

#include <algorithm>
#include <cstdlib>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/base/strings.h"
#include "common/net/http/token_source.h"
#include "operator/kube/config/kube_config_exec.h"
#include "operator/kube/config/kube_config_file.h"

namespace telltale {
namespace {

Status ReadProxy(const KubeConfigEntry& cluster, KubeConfig& config) {
  const std::string text = YamlText(*cluster.node, "proxy-url");
  if (text.empty()) return {};
  auto proxy = ParseHttpProxy(text);
  if (!proxy.ok()) {
    return cluster.file->Refuse(*cluster.node->Find("proxy-url"),
                                "proxy-url " + proxy.error().message);
  }
  config.proxy = std::move(*proxy);
  return {};
}

Status ReadCluster(const KubeConfigEntry& cluster, KubeConfig& config) {
  const YamlNode* server = cluster.node->Find("server");
  if (server == nullptr || server->scalar.empty()) {
    return cluster.file->Refuse(*cluster.node, "the cluster has no server: add https://HOST:PORT");
  }
  auto url = ParseUrl(server->scalar);
  if (!url.ok()) return cluster.file->Refuse(*server, "server: " + url.error().message);
  config.server = std::move(*url);
  config.tls_server_name = YamlText(*cluster.node, "tls-server-name");
  TELLTALE_TRY(ReadProxy(cluster, config));

  auto ca = cluster.file->Pem(*cluster.node, "certificate-authority", config.ca_file);
  if (!ca.ok()) return ca.error();
  config.ca_pem = std::move(*ca);
  config.insecure_skip_verify = YamlText(*cluster.node, "insecure-skip-tls-verify") == "true";
  if (config.insecure_skip_verify && !config.ca_pem.empty()) {
    return cluster.file->Refuse(
        *cluster.node,
        "insecure-skip-tls-verify and certificate-authority exclude each other: remove one");
  }
  return {};
}

Status ReadClientCertificate(const KubeConfigEntry& user, KubeConfig& config) {
  auto certificate =
      user.file->Pem(*user.node, "client-certificate", config.client_certificate_file);
  if (!certificate.ok()) return certificate.error();
  auto key = user.file->Pem(*user.node, "client-key", config.client_key_file);
  if (!key.ok()) return key.error();
  if (certificate->empty() != key->empty()) {
    return user.file->Refuse(*user.node,
                             "client-certificate and client-key belong together: add the other");
  }
  config.client_certificate_pem = std::move(*certificate);
  config.client_key_pem = std::move(*key);
  return {};
}

// Headers are lines: what would end one is refused.
bool IsHeaderText(std::string_view text) {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; });
}

Status ReadImpersonation(const KubeConfigEntry& user, KubeConfig& config) {
  const auto add = [&](const YamlNode& node, const char* header) -> Status {
    if (node.scalar.empty()) return {};
    if (!IsHeaderText(node.scalar)) return user.file->Refuse(node, "it has control characters");
    config.impersonate.emplace_back(header, node.scalar);
    return {};
  };
  if (const YamlNode* as = user.node->Find("as")) TELLTALE_TRY(add(*as, "Impersonate-User"));
  if (const YamlNode* uid = user.node->Find("as-uid")) TELLTALE_TRY(add(*uid, "Impersonate-Uid"));
  if (const YamlNode* groups = user.node->Find("as-groups"); groups != nullptr) {
    for (const YamlNode& group : groups->items) TELLTALE_TRY(add(group, "Impersonate-Group"));
  }
  const YamlNode* extra = user.node->Find("as-user-extra");
  if (extra != nullptr && !extra->fields.empty()) {
    return user.file->Refuse(*extra, "as-user-extra is not supported");
  }
  if (!config.impersonate.empty() && config.impersonate[0].first != "Impersonate-User") {
    return user.file->Refuse(*user.node, "as-uid and as-groups need as: add the user's name");
  }
  return {};
}

Status ReadUser(const KubeConfigEntry& user, KubeConfig& config) {
  if (const YamlNode* gone = user.node->Find("auth-provider");
      gone != nullptr && gone->kind != YamlNode::Kind::kNull) {
    return user.file->Refuse(*gone,
                             "auth-provider is not supported: use a credential plugin "
                             "(exec), a token, a tokenFile or a client certificate");
  }
  config.token = Trim(YamlText(*user.node, "token"));
  if (!config.token.empty() && !IsHeaderToken(config.token)) {
    return user.file->Refuse(*user.node->Find("token"), "the token has spaces in it");
  }
  const std::string token_file = YamlText(*user.node, "tokenFile");
  if (!token_file.empty()) config.token_file = user.file->Path(token_file);
  config.username = YamlText(*user.node, "username");
  config.password = YamlText(*user.node, "password");
  const bool basic = !config.username.empty() || !config.password.empty();
  const bool token = !config.token.empty() || !config.token_file.empty();
  if (basic && token) {
    return user.file->Refuse(*user.node, "a token and a username exclude each other: remove one");
  }
  TELLTALE_TRY(ReadClientCertificate(user, config));
  TELLTALE_TRY(ReadImpersonation(user, config));

  auto exec = ReadExecPlugin(user);
  if (!exec.ok()) return exec.error();
  if (!*exec) return {};
  if (basic || token || !config.client_certificate_pem.empty()) {
    LogWarn("the user has other credentials too, so its credential plugin is not run",
            {{"kubeconfig", user.file->file}, {"command", (*exec)->command}});
    return {};
  }
  config.exec = std::move(*exec);
  return {};
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<KubeConfig> LoadKubeConfig(const std::string& files) {
  auto all = KubeConfigFiles::Read(files);
  if (!all.ok()) return all.error();
  auto current = all->CurrentContext();
  if (!current.ok()) return current.error();
  auto context = all->Find("contexts", "context", *current);
  if (!context.ok()) return context.error();

  KubeConfig config;
  auto cluster = all->Find("clusters", "cluster", YamlText(*context->node, "cluster"));
  if (!cluster.ok()) return cluster.error();
  TELLTALE_TRY(ReadCluster(*cluster, config));
  if (const std::string name = YamlText(*context->node, "user"); !name.empty()) {
    auto user = all->Find("users", "user", name);
    if (!user.ok()) return user.error();
    TELLTALE_TRY(ReadUser(*user, config));
  }
  if (config.exec) TellPlugin(*cluster, config, *config.exec);
  if (const std::string ns = YamlText(*context->node, "namespace"); !ns.empty()) config.ns = ns;
  return config;
}

Result<KubeConfig> InClusterConfig(const std::string& root) {
  const std::string host = Environment("KUBERNETES_SERVICE_HOST");
  const std::string port = Environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Fail(Code::kNotFound,
                "not in a Kubernetes pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
                "not set; give --kubeconfig FILE");
  }

  KubeConfig config;
  auto url = ParseUrl("https://" + (host.find(':') == std::string::npos ? host : "[" + host + "]") +
                      ":" + port);
  if (!url.ok()) return Context("KUBERNETES_SERVICE_HOST and _PORT", url.error());
  config.server = std::move(*url);

  const std::string folder =
      (root.ends_with('/') ? root : root + "/") + "var/run/secrets/kubernetes.io/serviceaccount/";
  config.ca_file = folder + "ca.crt";
  auto ca = ReadFile(config.ca_file);
  if (!ca.ok()) return Context("reading the service account's authority", ca.error());
  config.ca_pem = std::move(*ca);
  config.token_file = folder + "token";
  if (auto token = ReadFile(config.token_file); !token.ok()) {
    return Context("reading the service account's token", token.error());
  }
  if (auto ns = ReadFile(folder + "namespace"); ns.ok() && !Trim(*ns).empty()) {
    config.ns = Trim(*ns);
  }
  return config;
}

}  // namespace telltale
