// SPDX-License-Identifier: Apache-2.0
//
// Where the API server is and who we are there: from the pod's service account or from kubeconfig
// files. Read once at start; what it names in other files (token, authority, client certificate) is
// followed by Credentials, because projected tokens last an hour and certificates are renewed.
//
// Of a kubeconfig's ways to authenticate these are refused with a sentence: auth-provider (gone
// from kubectl too; use exec), https and socks5 proxies, as-user-extra.
// Which of several counts is as in client-go: tokenFile before token; token, basic authentication
// or a client certificate before exec, which then is not run.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/net/http/http_proxy.h"
#include "common/net/http/url.h"
#include "operator/kube/config/exec_plugin.h"

namespace telltale {

struct KubeConfig {
  Url server;
  std::string tls_server_name;  // empty: the server's host; for SNI and its certificate
  std::optional<HttpProxy> proxy{};
  bool insecure_skip_verify = false;
  // PEM as it was at start; the file, if it came from one.
  std::string ca_pem, client_certificate_pem, client_key_pem;
  std::string ca_file, client_certificate_file, client_key_file;
  std::string token;       // fixed token of a kubeconfig
  std::string token_file;  // wins over token
  std::string username, password;
  std::optional<ExecPlugin> exec{};
  std::vector<std::pair<std::string, std::string>> impersonate;  // headers of every request
  std::string ns = "default";                                    // the namespace we run in
};

// Service account of the pod; `root` replaces "/" in tests. Errors name the missing file or
// variable.
Result<KubeConfig> InClusterConfig(const std::string& root = "/");

// The current-context of a kubeconfig, or of several ("a:b", as in $KUBECONFIG): the first file
// that has a context, cluster or user of a name has it wholly, the first current-context counts,
// files that are missing are skipped, relative paths start at the file that has them.
Result<KubeConfig> LoadKubeConfig(const std::string& files);

}  // namespace telltale
