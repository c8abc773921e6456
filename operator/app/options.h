// SPDX-License-Identifier: Apache-2.0
//
// The operator's command line. Read once, in main.
#pragma once

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "common/base/flags.h"
#include "operator/kube/leader/leader_elector.h"

namespace telltale {

struct OperatorOptions {
  std::string kubeconfig;
  std::string http_listen = ":8080";
  std::string discovery_token_file;
  std::string webhook_listen = ":9443";
  std::string ns;
  std::string service_name = "telltale-operator";
  std::string webhook_configuration = "telltale-operator";
  std::string owner_role;
  std::string prometheus_url, prometheus_credentials, prometheus_headers, prometheus_proxy;
  std::string loki_url, loki_tenant, tenants, loki_secret, promtail_secret_keys;
  std::string alertmanager_url;
  std::string events_file;
  std::string sidecar_image = "ghcr.io/telltale/telltale-sidecar:" TELLTALE_VERSION;
  std::string sidecar_pull_policy = "IfNotPresent";
  std::string sidecar_pull_secrets;
  std::string cluster;
  std::string trusted_namespaces;
  std::string scrape_classes, scrape_jobs;
  bool promtail = true;
  std::string promtail_version = "2.2.1";
  bool leader_elect = false;
  LeaderOptions leader;  // ns and identity are set when the operator starts
  std::chrono::milliseconds shutdown_delay{0};
  std::string log_level = "info";
  std::string log_format = "logfmt";
  bool version = false;
  bool help = false;

  void AddTo(Flags& flags);
};

// The value of a flag "NAME,NAME", without spaces around the names and without empty ones.
std::vector<std::string> NameList(const std::string& list);
std::set<std::string> NameSet(const std::string& list);

}  // namespace telltale
