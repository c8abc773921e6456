// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/reasons.h"

#include <array>
#include <cstddef>

namespace telltale {
namespace {

constexpr std::array kReasons = {
    ReasonInfo{Reason::kInvalid, "Invalid", "The resource cannot be used as written",
               "a field has a value that the API server let pass, usually because an older CRD is "
               "installed",
               "correct the field that the message names, and install the current CRD"},
    ReasonInfo{Reason::kNotTrusted, "NotTrusted", "Other namespaces are not open to this one",
               "spec.namespaceSelector asks for other namespaces, but the operator does not trust "
               "this one with them",
               "remove spec.namespaceSelector, or have the namespace added to the operator's "
               "--trusted-namespaces"},
    ReasonInfo{Reason::kTenantNotAllowed, "TenantNotAllowed",
               "The namespace may not use this tenant",
               "spec.logs.tenant names a tenant of the log store that the administrator has not "
               "opened to this namespace, so no logs are read",
               "remove spec.logs.tenant, or have the tenant added to `tenants` in the chart's "
               "values"},
    ReasonInfo{Reason::kUnknownClass, "UnknownClass", "There is no scrape class of this name",
               "an endpoint names a class for which Prometheus has no job, so nobody scrapes it",
               "name one of the classes in the message, or have the class added to the chart's "
               "prometheus.scrapeClasses"},
    ReasonInfo{Reason::kFilterUnsupported, "FilterUnsupported",
               "Prometheus cannot be told to filter metrics",
               "an endpoint has metrics.keep, drop or dropLabels, for which the operator writes a "
               "job that only the Prometheus of the chart reads, so nobody scrapes it",
               "remove these fields, and name a scrape class that filters"},
    ReasonInfo{
        Reason::kConfigTooLarge, "ConfigTooLarge", "The configuration does not fit",
        "the configurations of all resources for the same readers share one ConfigMap, which "
        "Kubernetes limits to 1 MiB, and the largest ones are left out",
        "shorten spec.logs.pipeline of this resource or of others, or move some of them to "
        "another namespace"},
    ReasonInfo{Reason::kConfigNotWritten, "ConfigNotWritten", "The configuration is not written",
               "the API server refuses the ConfigMap through which sidecars and node agents are "
               "configured, as for a ResourceQuota, an admission policy or a missing right",
               "raise the quota, or let the policy or the role allow it; the operator tries again "
               "at least every 30 s"},
    ReasonInfo{Reason::kConfigRefused, "ConfigRefused", "A sidecar refuses the configuration",
               "the sidecar cannot use what the operator wrote for this resource and goes on with "
               "the last good one, usually because its release is older than the operator's",
               "restart the workload, so that it gets the operator's sidecar, and look at the "
               "sidecar's own log"},
    ReasonInfo{Reason::kPodsRefused, "PodsRefused", "The API server refuses the pods",
               "the workload wants pods and the API server refuses to make them, as for a quota, a "
               "LimitRange, Pod Security or an admission policy",
               "raise the quota or correct the workload as the sentence says; Kubernetes tries "
               "again within minutes, kubectl rollout restart at once"},
    ReasonInfo{Reason::kNoPodsMatched, "NoPodsMatched", "No pod matches the selector",
               "no pod in the namespaces looked into has these labels",
               "compare spec.selector with kubectl get pods --show-labels; if the workload has no "
               "pods at all, kubectl describe replicaset says whether they are refused"},
    ReasonInfo{Reason::kPortNotFound, "PortNotFound", "The pod has no such port or container",
               "an endpoint names a port or a container that the pod does not declare",
               "use a declared name, or the number of the port"},
    ReasonInfo{
        Reason::kPortAmbiguous, "PortAmbiguous", "Two containers have a port of this name",
        "an endpoint names a port that more than one container of the pod declares, and only "
        "the first one is scraped",
        "set the endpoint's container, and add an endpoint for the other container"},
    ReasonInfo{Reason::kImagePull, "ImagePull", "An image cannot be pulled",
               "the registry does not have the image, or does not give it to this pod",
               "check the name and the tag of the image and the pod's imagePullSecrets"},
    ReasonInfo{Reason::kCrashLoop, "CrashLoop", "A container ends again and again",
               "the container exits soon after each start, and Kubernetes waits before the next",
               "look at kubectl logs --previous"},
    ReasonInfo{Reason::kCannotStart, "CannotStart", "A container cannot be started",
               "the kubelet cannot make the container, as when a ConfigMap or Secret is missing",
               "look at kubectl describe pod"},
    ReasonInfo{Reason::kConnectionRefused, "ConnectionRefused", "Nothing listens on the port",
               "the application does not listen on this port, or only on 127.0.0.1",
               "make it listen on all addresses, and check the port"},
    ReasonInfo{Reason::kTls, "TLS", "One side speaks TLS and the other does not",
               "the port speaks TLS and is scraped with plain HTTP, or the other way round, or the "
               "certificate is not accepted",
               "set the endpoint's scheme, http or https, and name a scrape class that trusts the "
               "certificate"},
    ReasonInfo{Reason::kRedirect, "Redirect", "The application sends the scrape elsewhere",
               "the page answers with a redirect, as login pages and proxies do, and its target "
               "cannot be scraped",
               "set the endpoint's port and path to the metrics page itself"},
    ReasonInfo{
        Reason::kAuth, "Auth", "The application refuses the scrape",
        "the page asks for credentials, or denies those it was given",
        "name a scrape class that has the credentials (the chart's prometheus.scrapeClasses), or "
        "let Prometheus read the page without them"},
    ReasonInfo{Reason::kNotFound, "NotFound", "There is no page at the path",
               "the application answers 404",
               "set the endpoint's path to the application's metrics page"},
    ReasonInfo{Reason::kBadContent, "BadContent", "The page is no metrics page",
               "the answer is not in a format that Prometheus reads",
               "check that path and port lead to the metrics page"},
    ReasonInfo{Reason::kEmptyPage, "EmptyPage", "The page has no metrics",
               "the application answers with status 200 and not a single sample, as for a wrong "
               "path that answers anything",
               "set the endpoint's path to the application's metrics page"},
    ReasonInfo{Reason::kLimitExceeded, "LimitExceeded", "The page is larger than its class allows",
               "the page has more samples, labels or bytes than the limits of the scrape class or "
               "of Prometheus, so none of its samples is kept",
               "let the application give fewer series, or name a class with a higher limit"},
    ReasonInfo{Reason::kTimeout, "Timeout", "The answer takes too long",
               "the application or the network is slower than the timeout",
               "raise the endpoint's timeout, or make the page faster"},
    ReasonInfo{Reason::kScrapeFailed, "ScrapeFailed", "The scrape fails",
               "the answer is an error, or the connection broke",
               "look at the application's own log"},
    ReasonInfo{Reason::kInjectionOff, "InjectionOff", "Injection is switched off",
               "this installation puts no sidecars into pods (sidecar.enabled is false in the "
               "chart's values)",
               "switch it on and restart the workload, or ask only for metrics and for logs with "
               "collector: Node"},
    ReasonInfo{Reason::kSidecarMissing, "SidecarMissing", "The pod has no sidecar",
               "the pod is older than the resource, or the webhook could not be reached when it "
               "was made",
               "restart the workload: kubectl rollout restart"},
    ReasonInfo{Reason::kWebhookMissed, "WebhookMissed", "The webhook did not see the pod",
               "the pod was made after the resource, and no replica of the operator answered the "
               "API server then",
               "restart the workload: kubectl rollout restart; if it happens again, look at the "
               "operator's pods and at its MutatingWebhookConfiguration"},
    ReasonInfo{Reason::kSidecarOutdated, "SidecarOutdated",
               "The sidecar is older than what is asked",
               "the pod got its sidecar before the resource or the operator changed, and a running "
               "pod cannot be given other volumes or another image",
               "restart the workload: kubectl rollout restart"},
    ReasonInfo{Reason::kSidecarImpossible, "SidecarImpossible", "The pod cannot get a sidecar",
               "injection leaves the pod out: it is in the operator's own namespace or one of "
               "Kubernetes itself, is a static pod, runs Windows, uses the sidecar's port 9847, or "
               "LimitRanges and the pod's own resources leave the sidecar no room",
               "read its output with source: Stdout and collector: Node, or annotate the pods with "
               "telltale.dev/inject: \"false\""},
    ReasonInfo{Reason::kHostNetwork, "HostNetwork", "The pod is on the host's network",
               "the sidecar's port would clash with other pods of the node, so it is not put there",
               "read its output with source: Stdout and collector: Node, or annotate the pods with "
               "telltale.dev/inject: \"false\""},
    ReasonInfo{Reason::kLogsUnseen, "LogsUnseen", "The sidecar does not see the log folder",
               "the folder lies in a volume that the sidecar may not read or cannot mount, or in "
               "the image where no empty volume may cover it",
               "log into a folder of its own, such as /var/log/shop, or mount a volume at "
               "spec.logs.files.directory, and restart the workload"},
    ReasonInfo{
        Reason::kNoLogStore, "NoLogStore", "There is nowhere to send logs",
        "this installation has no log store: loki.enabled is false in the chart's values and "
        "loki.external.url is empty",
        "install a log store or name one, or remove spec.logs"},
    ReasonInfo{Reason::kNoNodeAgent, "NoNodeAgent", "No agent reads the pods' output",
               "no node agent has asked the operator for pods, and Prometheus scrapes none: the "
               "chart's logs.collector installs it, and its DaemonSet may have no pods",
               "set logs.collector to telltale, look at kubectl describe daemonset, or set "
               "collector: Sidecar"},
    ReasonInfo{Reason::kLogsForbidden, "LogsForbidden", "The sidecar may not read the pod's output",
               "the pod's ServiceAccount lacks the right to get pods/log, by which a sidecar reads "
               "what the other containers print",
               "bind it to a Role with the verb get on pods/log (examples/podlog/role.yaml), or "
               "set collector: Node"},
    ReasonInfo{Reason::kLogsUnreadable, "LogsUnreadable", "Log files cannot be read",
               "the sidecar finds log files that it cannot read: their mode does not let its user "
               "read them, they are links that lead elsewhere, or there are too many",
               "write the files with mode 0644 (umask 022), or run application and sidecar as the "
               "same user; the sidecar's own log names each file"},
    ReasonInfo{Reason::kNoLogFiles, "NoLogFiles", "No log file is there",
               "the sidecar finds no file that spec.logs.files asks for",
               "check directory and include, and that the application writes there"},
    ReasonInfo{Reason::kLogsStalled, "LogsStalled",
               "Log lines wait and the log store does not take them",
               "the store is away, refuses them, or takes them more slowly than they are written",
               "look at the sidecar's own log, and at the store"},
    ReasonInfo{Reason::kNoIp, "NoIP", "The pod has no address",
               "the pod's network is not set up yet", "look at kubectl describe pod"},
    ReasonInfo{Reason::kNotRunning, "NotRunning", "The pod is not running",
               "the pod waits for a node, an image, a volume or an init container",
               "look at kubectl describe pod"},
    ReasonInfo{Reason::kConfigPending, "ConfigPending", "The configuration is on its way",
               "the operator has not written the newest configuration yet, or sidecars have not "
               "read it yet: the kubelet brings it to running pods within about 90 s",
               "wait; if it stays, look at the log of the operator and of the sidecar"},
    ReasonInfo{
        Reason::kNoScrapeJob, "NoScrapeJob", "Prometheus has no job for Telltale's targets",
        "Prometheus answers, and scrapes nothing that Telltale discovers: no job of it reads "
        "/sd/v1/targets, or it asks with a wrong token",
        "give Prometheus the job that the chart's notes print, or set "
        "prometheusOperator.scrapeConfig.enabled in the chart's values"},
    ReasonInfo{Reason::kNotYetScraped, "NotYetScraped", "Prometheus has not scraped it yet",
               "the target is new: Prometheus asks for targets every few seconds, and scrapes "
               "within one interval",
               "wait for one interval; if it stays, check that Prometheus reads /sd/v1/targets"},
    ReasonInfo{Reason::kPrometheusUnknown, "PrometheusUnknown", "Prometheus does not answer",
               "the operator could not ask Prometheus what it scrapes",
               "check the operator's --prometheus-url and that Prometheus runs"},
    ReasonInfo{
        Reason::kNoLinesYet, "NoLinesYet", "No line was delivered yet",
        "the application has written no line that matches, or the log store has not taken one",
        "check spec.logs.files, and the sidecar's own log"},
    ReasonInfo{Reason::kNodeAgent, "NodeAgent", "A node agent reads the logs",
               "Prometheus scrapes no node agent, so that the operator cannot see what it delivers",
               "let Prometheus scrape the node agents, as the chart's own does, or ask the log "
               "store for the "
               "streams"},
    ReasonInfo{Reason::kSuspended, "Suspended", "The resource is suspended", "spec.suspend is true",
               "set spec.suspend to false to go on"},
    ReasonInfo{Reason::kAccepted, "Accepted", "The resource is understood", "", ""},
    ReasonInfo{Reason::kDiscovered, "Discovered", "The pods and ports are found", "", ""},
    ReasonInfo{Reason::kInjected, "Injected", "The pods have the sidecar", "", ""},
    ReasonInfo{Reason::kUp, "Up", "All endpoints are scraped", "", ""},
    ReasonInfo{Reason::kFlowing, "Flowing", "Log lines are delivered", "", ""},
    ReasonInfo{Reason::kReady, "Ready", "Everything asked for works", "", ""},
    ReasonInfo{Reason::kFinished, "Finished", "All pods have finished", "", ""},
    ReasonInfo{Reason::kOptedOut, "OptedOut", "All pods opted out", "", ""},
    ReasonInfo{Reason::kNotRequested, "NotRequested", "The resource does not ask for it", "", ""},
};

constexpr bool InOrder() {
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    if (kReasons[i].reason != static_cast<Reason>(i)) return false;
  }
  return true;
}
static_assert(InOrder(), "the table is indexed by Reason");

}  // namespace

const ReasonInfo& Info(Reason reason) { return kReasons[static_cast<std::size_t>(reason)]; }

std::span<const ReasonInfo> AllReasons() { return kReasons; }

}  // namespace telltale
