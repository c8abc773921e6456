// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/pod_problems.h"

#include "common/base/rfc3339.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/discovery/port_resolver.h"

namespace telltale {
namespace {

// The container that listens where the sidecar would.
const Container* OnSidecarPort(const PodView& pod) {
  for (const auto& container : *pod.containers) {
    for (const auto& port : container.ports) {
      if (port.number == kSidecarPort) return &container;
    }
  }
  return nullptr;
}

bool LeftOut(std::string_view ns) { return ns == "kube-system" || ns == "kube-node-lease"; }

// What admission decides (sidecar_patch.cc), and the namespaces that the webhook's
// namespaceSelector always excludes (helm/, manifests/). That it excludes the operator's own
// namespace as well is not known here.
std::string WhyImpossible(const PodView& pod) {
  if (LeftOut(pod.ns)) return "injection leaves out namespace " + std::string(pod.ns);
  if (pod.static_pod) return "it is a static pod, which admission cannot change";
  if (pod.windows) return "it runs Windows, and the sidecar runs on Linux";
  if (const Container* container = OnSidecarPort(pod)) {
    return "its container " + container->name + " uses the sidecar's port " +
           std::to_string(kSidecarPort);
  }
  return std::string(pod.not_injected);
}

}  // namespace

Reason WithoutSidecarReason(const PodView& pod) {
  if (pod.host_network) return Reason::kHostNetwork;
  const bool impossible = LeftOut(pod.ns) || pod.static_pod || pod.windows ||
                          OnSidecarPort(pod) != nullptr || !pod.not_injected.empty();
  return impossible ? Reason::kSidecarImpossible : Reason::kSidecarMissing;
}

std::string WithoutSidecarText(const PodView& pod, Reason reason) {
  std::string cause(Info(reason).cause), fix(Info(reason).fix);
  if (reason == Reason::kSidecarImpossible) cause = WhyImpossible(pod);
  if (reason == Reason::kSidecarMissing) {
    fix = "restart its workload, as in kubectl rollout restart deployment NAME -n ";
    fix += pod.ns;
  }
  return "Pod " + pod.Key() + " has no sidecar: " + cause + "; " + fix + ".";
}

std::string_view WhyUnseen(const PodView& pod, std::string_view directory) {
  for (const auto line : Split(pod.unseen_logs, '\n')) {
    if (line.starts_with(directory) && line.substr(directory.size()).starts_with(": ")) {
      return line.substr(directory.size() + 2);
    }
  }
  return "";
}

std::string LogsUnseenText(const PodView& pod, std::string_view directory) {
  std::string text = "The sidecar of pod " + pod.Key() + " does not see all log files in ";
  text.append(directory).append(": ").append(WhyUnseen(pod, directory)).append("; ");
  return text.append(Info(Reason::kLogsUnseen).fix).append(".");
}

std::string LogsForbiddenText(const PodView& pod) {
  const ReasonInfo& info = Info(Reason::kLogsForbidden);
  std::string text = "The output of pod " + pod.Key() + " cannot be read: ";
  return text.append(info.cause).append("; ").append(info.fix).append(".");
}

std::string LogsStalledText(const PodView& pod, std::int64_t since) {
  std::string text = "Pod " + pod.Key() + " has log lines that wait for Loki since ";
  text.append(FormatRfc3339(since * 1'000'000'000)).append(": ");
  text.append(Info(Reason::kLogsStalled).cause).append("; look at kubectl logs ");
  text.append(pod.name).append(" -c telltale-sidecar -n ").append(pod.ns);
  return text.append(", and at Loki.");
}

Reason NotRunningReason(const PodView& pod) {
  return pod.phase == "Running" ? Reason::kNoIp : Reason::kNotRunning;
}

std::string NotRunningText(const PodView& pod, Reason reason) {
  const std::string describe =
      "kubectl describe pod " + std::string(pod.name) + " -n " + std::string(pod.ns);
  if (reason == Reason::kNoIp) {
    return "Pod " + pod.Key() + " has no IP address yet; if it stays so, look at " + describe + ".";
  }
  const std::string phase(pod.phase.empty() ? "Pending" : pod.phase);
  return "Pod " + pod.Key() + " is not running (phase " + phase + "); " + describe +
         " says what it waits for.";
}

std::string PortNotFoundText(const PodView& pod, const Endpoint& endpoint, std::size_t index) {
  return "Pod " + pod.Key() + " " + ResolvePort(*pod.containers, endpoint).missing +
         "; correct spec.metrics.endpoints[" + std::to_string(index) + "].";
}

std::string ScrapeFailedText(const PodView& pod, int port, std::string_view path, Reason reason,
                             std::string_view error) {
  std::string text = "Pod " + pod.Key() + " at http://" + ScrapeAddress(pod.ip, port);
  text.append(path).append(": ").append(Info(reason).cause).append("; ");
  text.append(Info(reason).fix).append(" (Prometheus says: ").append(error);
  return text.append(").");
}

}  // namespace telltale
