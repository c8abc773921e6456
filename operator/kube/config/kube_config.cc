// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/kube_config.h"

#include <array>
#include <cstdlib>
#include <utility>

#include "common/base/files.h"
#include "common/base/strings.h"
#include "common/text/yaml_reader.h"

namespace telltale {
namespace {

Error Bad(std::string text) { return Fail(Code::kInvalid, std::move(text)); }

// A kubeconfig while it is read: its text's place in the file system is needed for relative paths.
struct Source {
  std::string file;
  std::string folder;

  Error Refuse(const YamlNode& node, std::string_view text) const {
    return Bad(file + ":" + std::to_string(node.line) + ": " + std::string(text));
  }
  std::string Path(const std::string& path) const {
    return path.starts_with('/') ? path : folder + path;
  }
};

std::string Scalar(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.Find(key);
  return node != nullptr && node->kind == YamlNode::Kind::kScalar ? node->scalar : std::string();
}

// The member of `list` (contexts, clusters, users) called `name`, under its `kind`.
Result<const YamlNode*> Named(const Source& source, const YamlNode& root, std::string_view list,
                              std::string_view kind, const std::string& name) {
  const YamlNode* items = root.Find(list);
  if (items != nullptr) {
    for (const YamlNode& item : items->items) {
      if (Scalar(item, "name") != name) continue;
      const YamlNode* found = item.Find(kind);
      if (found != nullptr && found->kind == YamlNode::Kind::kMap) return found;
      return source.Refuse(item, std::string(kind) + " \"" + name + "\" is empty");
    }
  }
  return Bad(source.file + ": there is no " + std::string(kind) + " named \"" + name + "\" under " +
             std::string(list));
}

// PEM from KEY-data (base64, wins) or from the file that KEY names; empty without both.
Result<std::string> Pem(const Source& source, const YamlNode& map, const std::string& key) {
  if (const YamlNode* data = map.Find(key + "-data"); data != nullptr && !data->scalar.empty()) {
    auto pem = Base64Decode(data->scalar);
    if (!pem) return source.Refuse(*data, key + "-data is not base64");
    return std::move(*pem);
  }
  const std::string path = Scalar(map, key);
  if (path.empty()) return std::string();
  auto pem = ReadFile(source.Path(path));
  if (!pem.ok()) return Context(source.file + ": " + key, pem.error());
  return pem;
}

struct Refused {
  std::string_view key, why;
};

Status RefuseFields(const Source& source, const YamlNode& map, const std::vector<Refused>& fields) {
  for (const Refused& field : fields) {
    const YamlNode* node = map.Find(field.key);
    if (node == nullptr || node->kind == YamlNode::Kind::kNull) continue;
    if (node->kind == YamlNode::Kind::kScalar && node->scalar.empty()) continue;
    return source.Refuse(*node,
                         std::string(field.key) + " is not supported: " + std::string(field.why));
  }
  return {};
}

Status ReadCluster(const Source& source, const YamlNode& cluster, KubeConfig& config) {
  TELLTALE_TRY(RefuseFields(
      source, cluster,
      {{"proxy-url", "the operator connects to the API server directly"},
       {"tls-server-name", "use the name that is in the server's certificate as the server"}}));
  const YamlNode* server = cluster.Find("server");
  if (server == nullptr || server->scalar.empty()) {
    return source.Refuse(cluster, "the cluster has no server: add https://HOST:PORT");
  }
  auto url = ParseUrl(server->scalar);
  if (!url.ok()) return source.Refuse(*server, "server: " + url.error().message);
  config.server = std::move(*url);

  auto ca = Pem(source, cluster, "certificate-authority");
  if (!ca.ok()) return ca.error();
  config.ca_pem = std::move(*ca);
  config.insecure_skip_verify = Scalar(cluster, "insecure-skip-tls-verify") == "true";
  if (config.insecure_skip_verify && !config.ca_pem.empty()) {
    return source.Refuse(cluster,
                         "insecure-skip-tls-verify and certificate-authority exclude each other: "
                         "remove one");
  }
  return {};
}

Status ReadUser(const Source& source, const YamlNode& user, KubeConfig& config) {
  constexpr std::string_view kUse = "use a token, a tokenFile or a client certificate";
  TELLTALE_TRY(RefuseFields(source, user,
                            {{"exec", kUse},
                             {"auth-provider", kUse},
                             {"username", kUse},
                             {"password", kUse},
                             {"as", "the operator acts as itself"}}));
  config.token = Trim(Scalar(user, "token"));
  const std::string token_file = Scalar(user, "tokenFile");
  if (!token_file.empty()) config.token_file = source.Path(token_file);

  auto certificate = Pem(source, user, "client-certificate");
  if (!certificate.ok()) return certificate.error();
  auto key = Pem(source, user, "client-key");
  if (!key.ok()) return key.error();
  if (certificate->empty() != key->empty()) {
    return source.Refuse(user, "client-certificate and client-key belong together: add the other");
  }
  config.client_certificate_pem = std::move(*certificate);
  config.client_key_pem = std::move(*key);
  return {};
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<KubeConfig> LoadKubeConfig(const std::string& file) {
  auto text = ReadFile(file);
  if (!text.ok()) return Context("reading --kubeconfig", text.error());
  auto root = ParseYaml(*text);
  if (!root.ok()) return Context("reading --kubeconfig " + file, root.error());

  const std::size_t slash = file.rfind('/');
  const Source source{file, slash == std::string::npos ? "" : file.substr(0, slash + 1)};
  const std::string current = Scalar(*root, "current-context");
  if (current.empty()) {
    return Bad(file + ": there is no current-context: choose one with kubectl config use-context");
  }
  auto context = Named(source, *root, "contexts", "context", current);
  if (!context.ok()) return context.error();

  KubeConfig config;
  auto cluster = Named(source, *root, "clusters", "cluster", Scalar(**context, "cluster"));
  if (!cluster.ok()) return cluster.error();
  TELLTALE_TRY(ReadCluster(source, **cluster, config));
  if (const std::string user = Scalar(**context, "user"); !user.empty()) {
    auto found = Named(source, *root, "users", "user", user);
    if (!found.ok()) return found.error();
    TELLTALE_TRY(ReadUser(source, **found, config));
  }
  if (const std::string ns = Scalar(**context, "namespace"); !ns.empty()) config.ns = ns;
  return config;
}

Result<KubeConfig> InClusterConfig(const std::string& root) {
  std::string host = Environment("KUBERNETES_SERVICE_HOST");
  const std::string port = Environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) {
    return Fail(Code::kNotFound,
                "not in a Kubernetes pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are "
                "not set; give --kubeconfig FILE");
  }
  // cpprestsdk cannot dial an IPv6 literal; the same service has a name, which is in its
  // certificate too.
  if (host.find(':') != std::string::npos) host = "kubernetes.default.svc";

  KubeConfig config;
  auto url = ParseUrl("https://" + host + ":" + port);
  if (!url.ok()) return Context("KUBERNETES_SERVICE_HOST and _PORT", url.error());
  config.server = std::move(*url);

  const std::string folder =
      (root.ends_with('/') ? root : root + "/") + "var/run/secrets/kubernetes.io/serviceaccount/";
  auto ca = ReadFile(folder + "ca.crt");
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
