// SPDX-License-Identifier: Apache-2.0
//
// Where the API server is and who we are there: from the pod's service account or from a
// kubeconfig file. Read once at start; the token file is read again by the transport (at most once
// a minute, and after a 401), because projected tokens last an hour.
#pragma once

#include <string>

#include "common/base/result.h"
#include "common/net/url.h"

namespace telltale {

struct KubeConfig {
  Url server;
  std::string ca_pem;
  std::string token;       // fixed token of a kubeconfig
  std::string token_file;  // wins over token
  std::string client_certificate_pem, client_key_pem;
  bool insecure_skip_verify = false;
  std::string ns = "default";  // the namespace we run in
};

// Service account of the pod; `root` replaces "/" in tests. Errors name the missing file or
// variable.
Result<KubeConfig> InClusterConfig(const std::string& root = "/");

// The current-context of a kubeconfig file. exec plugins and proxies are refused with a sentence.
Result<KubeConfig> LoadKubeConfig(const std::string& file);

}  // namespace telltale
