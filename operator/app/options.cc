// SPDX-License-Identifier: Apache-2.0
#include "operator/app/options.h"

#include <string_view>

#include "common/base/strings.h"

namespace telltale {

std::vector<std::string> NameList(const std::string& list) {
  std::vector<std::string> names;
  for (std::string_view name : Split(list, ',')) {
    if (!Trim(name).empty()) names.emplace_back(Trim(name));
  }
  return names;
}

std::set<std::string> NameSet(const std::string& list) {
  const auto names = NameList(list);
  return {names.begin(), names.end()};
}

void OperatorOptions::AddTo(Flags& flags) {
  flags.Add("kubeconfig", &kubeconfig, "FILE",
            "how to reach the API server, several joined by ':' are merged; without it the pod's "
            "service account is used");
  flags.Add("http-listen", &http_listen, "ADDRESS", "discovery, metrics and health");
  flags.Add("discovery-token-file", &discovery_token_file, "FILE",
            "a bearer token that Prometheus and the node agents must send; without it discovery is "
            "open to every pod that reaches it");
  flags.Add("webhook-listen", &webhook_listen, "ADDRESS", "the injection webhook; off for none");
  flags.Add("namespace", &ns, "NAME", "our own namespace; default: of the service account");
  flags.Add("service-name", &service_name, "NAME", "our Service, for the webhook's certificate");
  flags.Add("webhook-configuration", &webhook_configuration, "NAME",
            "the MutatingWebhookConfiguration that gets our CA");
  flags.Add("owner-role", &owner_role, "NAME",
            "the ClusterRole that owns what the operator makes, so that Kubernetes removes it with "
            "that; without it it stays after an uninstallation");
  flags.Add("prometheus-url", &prometheus_url, "URL,URL",
            "asked what it scrapes, several of an HA pair or of shards; without it status says "
            "Unknown");
  flags.Add("prometheus-credentials", &prometheus_credentials, "FOLDER",
            "how to log in to Prometheus: a folder with ca.crt, tls.crt and tls.key, token, "
            "username and password, as far as they are needed");
  flags.Add("prometheus-headers", &prometheus_headers, "NAME=VALUE,...",
            "sent to Prometheus with each question, such as X-Scope-OrgID=team-a");
  flags.Add("prometheus-proxy", &prometheus_proxy, "URL",
            "the proxy through which Prometheus is reached; default: HTTP_PROXY, HTTPS_PROXY and "
            "NO_PROXY");
  flags.Add("loki-url", &loki_url, "URL", "where sidecars and Promtail push logs");
  flags.Add("loki-tenant", &loki_tenant, "NAME",
            "X-Scope-OrgID of what sidecars and Promtail push");
  flags.Add("tenants", &tenants, "NAMESPACE=TENANT,...",
            "the tenants that MonitoringTargets of a namespace may name in spec.logs.tenant; * is "
            "every namespace or every tenant; default: none but --loki-tenant");
  flags.Add("loki-secret", &loki_secret, "NAME",
            "a Secret of the pods' namespaces, where it is there, that says who sidecars are at "
            "Loki: ca.crt, tls.crt and tls.key, token, username and password");
  flags.Add("alertmanager-url", &alertmanager_url, "URL",
            "where alert stages of log pipelines push; without it they raise nothing");
  flags.Add("events-file", &events_file, "FILE",
            "where the leader writes the cluster's events, a line of JSON each, for a sidecar that "
            "ships them; without it nobody follows them");
  flags.Add("sidecar-image", &sidecar_image, "IMAGE", "the sidecar that is injected");
  flags.Add("sidecar-pull-policy", &sidecar_pull_policy, "POLICY", "its imagePullPolicy");
  flags.Add("sidecar-pull-secrets", &sidecar_pull_secrets, "NAME,NAME",
            "Secrets of the pods' namespaces with which its image is pulled");
  flags.Add("cluster", &cluster, "NAME",
            "the label cluster of all targets, log streams and alerts; without it there is none");
  flags.Add("trusted-namespaces", &trusted_namespaces, "NAME,NAME",
            "whose resources may select pods of other namespaces; default: our own");
  flags.Add("scrape-classes", &scrape_classes, "NAME,NAME",
            "that Prometheus has a job for; endpoints may name these");
  flags.Add("scrape-jobs", &scrape_jobs, "FILE",
            "lines of a scrape class, or -, and a job of it in JSON with %FILTER% and \"%RULES%\"; "
            "from them the ConfigMap telltale-scrape-jobs is made for metrics.keep, drop and "
            "dropLabels; without it they are refused");
  flags.Add("promtail", &promtail, "keep the ConfigMap telltale-promtail");
  flags.Add("promtail-version", &promtail_version, "VERSION",
            "of Promtail; stages that it does not know are refused");
  flags.Add("promtail-secret-keys", &promtail_secret_keys, "KEY,KEY",
            "what of the Secret of --loki-secret is mounted in Promtail's pods, as it cannot look");
  flags.Add("leader-elect", &leader_elect,
            "write only while holding a Lease; needed for more than one replica");
  flags.Add("lease-name", &leader.name, "NAME", "the Lease, in our own namespace");
  flags.Add("lease-duration", &leader.lease, "TIME",
            "how long others wait for a leader that went silent; whole seconds");
  flags.Add("renew-deadline", &leader.renew_deadline, "TIME",
            "how long a leader that cannot renew goes on writing; below lease-duration");
  flags.Add("retry-period", &leader.retry, "TIME", "between two tries to get or renew the lease");
  flags.Add("shutdown-delay", &shutdown_delay, "TIME",
            "how long to go on serving after SIGTERM, until nobody asks this replica any more");
  flags.Add("log-level", &log_level, "LEVEL", "debug, info, warn or error");
  flags.Add("log-format", &log_format, "FORMAT", "logfmt or json");
  flags.Add("version", &version, "print the version and exit");
  flags.Add("help", &help, "print this and exit");
}

}  // namespace telltale
