// SPDX-License-Identifier: Apache-2.0
//
// Credential plugins of a kubeconfig ("exec"): what they are told and what they answer. Pure; used
// by the kubeconfig loader and by ExecSource, which runs them.
// Format: kubernetes/client-go pkg/apis/clientauthentication, v1 and v1beta1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace telltale {

struct ExecPlugin {
  std::string command;  // a path, or a name to be found in PATH
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // added to ours
  std::string api_version;
  bool provide_cluster_info = false;
  std::string install_hint;  // what the kubeconfig says when the command is missing
  std::string info;          // KUBERNETES_EXEC_INFO
};

inline constexpr std::string_view kExecV1 = "client.authentication.k8s.io/v1";
inline constexpr std::string_view kExecV1Beta1 = "client.authentication.k8s.io/v1beta1";

// What the plugin is told about the cluster with provideClusterInfo.
struct ExecCluster {
  std::string server, tls_server_name, ca_pem, proxy_url;
  bool insecure_skip_verify = false;
  std::string config_json;  // the cluster's extension for plugins, or empty
};

// The value of KUBERNETES_EXEC_INFO. `cluster` is null without provideClusterInfo.
std::string ExecInfoJson(std::string_view api_version, const ExecCluster* cluster);

struct ExecCredential {
  std::string token;
  std::string certificate_pem, key_pem;         // both or none
  std::optional<std::int64_t> expires_nanos{};  // wall clock
};

// The plugin's stdout. Errors never quote it: it may hold a credential.
Result<ExecCredential> ParseExecCredential(std::string_view output, std::string_view api_version);

}  // namespace telltale
