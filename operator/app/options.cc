// SPDX-License-Identifier: Apache-2.0
#include "operator/app/options.h"

namespace telltale {

void OperatorOptions::AddTo(Flags& flags) {
  flags.Add("kubeconfig", &kubeconfig, "FILE",
            "how to reach the API server; without it the pod's service account is used");
  flags.Add("http-listen", &http_listen, "ADDRESS", "discovery, metrics and health");
  flags.Add("webhook-listen", &webhook_listen, "ADDRESS", "the injection webhook; off for none");
  flags.Add("namespace", &ns, "NAME", "our own namespace; default: of the service account");
  flags.Add("service-name", &service_name, "NAME", "our Service, for the webhook's certificate");
  flags.Add("webhook-configuration", &webhook_configuration, "NAME",
            "the MutatingWebhookConfiguration that gets our CA");
  flags.Add("prometheus-url", &prometheus_url, "URL",
            "asked what it scrapes; without it status says Unknown");
  flags.Add("loki-url", &loki_url, "URL", "where sidecars and Promtail push logs");
  flags.Add("sidecar-image", &sidecar_image, "IMAGE", "the sidecar that is injected");
  flags.Add("sidecar-pull-policy", &sidecar_pull_policy, "POLICY", "its imagePullPolicy");
  flags.Add("trusted-namespaces", &trusted_namespaces, "NAME,NAME",
            "whose resources may select pods of other namespaces; default: our own");
  flags.Add("promtail", &promtail, "keep the ConfigMap telltale-promtail");
  flags.Add("log-level", &log_level, "LEVEL", "debug, info, warn or error");
  flags.Add("log-format", &log_format, "FORMAT", "logfmt or json");
  flags.Add("version", &version, "print the version and exit");
  flags.Add("help", &help, "print this and exit");
}

}  // namespace telltale
