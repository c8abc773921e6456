// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/pod_problems.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "operator/model/paths.h"
#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/discovery/port_resolver.h"
#include "operator/plan/status/scrape_error.h"

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

// The name without what its controller put behind it, when `end` is part of that.
std::string_view NameBefore(std::string_view name, std::string_view end) {
  const std::size_t at = name.rfind(end);
  return at == std::string_view::npos ? std::string_view() : name.substr(0, at);
}

// "deployment web"; "" when it cannot be told.
std::string Workload(const PodView& pod) {
  if (!pod.template_hash.empty()) {
    const std::string hash = "-" + std::string(pod.template_hash) + "-";
    const std::string_view name = NameBefore(pod.name, hash);
    return name.empty() ? "" : "deployment " + std::string(name);
  }
  const std::string_view name = NameBefore(pod.name, "-");
  if (pod.revision_hash.empty() || name.empty()) return "";
  // The revision of a StatefulSet begins with its name.
  const std::string prefix = std::string(name) + "-";
  return (pod.revision_hash.starts_with(prefix) ? "statefulset " : "daemonset ") +
         std::string(name);
}

// The API server counts in seconds, and its clock is not that of the one who made the resource.
constexpr std::int64_t kClocks = 3;

bool MadeAfter(const PodView& pod, const MonitoringTarget& target) {
  return target.edited > 0 && pod.created >= target.edited + kClocks;
}

bool MadeBefore(const PodView& pod, const MonitoringTarget& target) {
  return pod.created > 0 && pod.created + kClocks < target.edited;
}

// As injection mounts them (injected_container.cc).
constexpr std::string_view kApiPath = "/etc/telltale/api";
constexpr std::string_view kLokiPath = "/etc/telltale/loki";

// The sidecar mounts something at or above the folder.
bool Sees(const PodView& pod, std::string_view directory) {
  for (const std::string_view mount : Split(pod.sidecar_mounts, '\n')) {
    if (PathContains(NormalisedPath(mount), directory)) return true;
  }
  return false;
}

struct Unread {
  std::string_view reason, sentence;
};
constexpr std::array kUnread = {
    Unread{"permission",
           "their mode does not let the sidecar's user read them; write them with mode 0644 (umask "
           "022), or run application and sidecar as the same user"},
    Unread{"link",
           "they are links that lead out of the log folder; name the folder that they lead to"},
    Unread{"broken_link", "they are links to nothing; remove them or make what they lead to"},
    Unread{"limit", "there are more files than one sidecar reads; make spec.logs.files narrower"},
    Unread{"directory_limit",
           "there are more folders than one sidecar watches; make spec.logs.files narrower"},
    Unread{"encoding", "they are no UTF-8 text; let the application write UTF-8"},
};

bool LeftOut(std::string_view ns) { return ns == "kube-system" || ns == "kube-node-lease"; }

// What admission decides (sidecar_patch.cc), and the namespaces that the webhook's
// namespaceSelector always excludes (helm/, manifests/).
std::string WhyImpossible(const PodView& pod, const Installation& installation) {
  if (pod.ns == installation.own_namespace) {
    return "injection leaves out the operator's own namespace " + std::string(pod.ns);
  }
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

std::string Sentence(Reason reason) {
  const ReasonInfo& info = Info(reason);
  std::string text(info.title);
  return text.append(": ").append(info.cause).append("; ").append(info.fix).append(".");
}

std::string Restart(const PodView& pod) {
  const std::string workload = Workload(pod), ns(pod.ns);
  if (!workload.empty()) return "run kubectl rollout restart " + workload + " -n " + ns;
  return "restart its workload, as in kubectl rollout restart deployment NAME -n " + ns;
}

Reason WithoutSidecarReason(const MonitoringTarget& target, const PodView& pod,
                            const Installation& installation) {
  if (!installation.injects) return Reason::kInjectionOff;
  if (pod.host_network) return Reason::kHostNetwork;
  const bool impossible = LeftOut(pod.ns) || pod.ns == installation.own_namespace ||
                          pod.static_pod || pod.windows || OnSidecarPort(pod) != nullptr ||
                          !pod.not_injected.empty();
  if (impossible) return Reason::kSidecarImpossible;
  return MadeAfter(pod, target) ? Reason::kWebhookMissed : Reason::kSidecarMissing;
}

std::string WithoutSidecarText(const MonitoringTarget& target, const PodView& pod, Reason reason,
                               const Installation& installation) {
  std::string cause(Info(reason).cause), fix(Info(reason).fix);
  if (reason == Reason::kSidecarImpossible) cause = WhyImpossible(pod, installation);
  if (reason == Reason::kSidecarMissing && MadeBefore(pod, target)) {
    cause = "the pod is older than the resource, or than its last change";
  }
  if (reason == Reason::kSidecarMissing || reason == Reason::kWebhookMissed) fix = Restart(pod);
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

std::string OutdatedSidecar(const MonitoringTarget& target, const PodView& pod,
                            const Installation& installation) {
  std::vector<std::string> lacks;
  if (!pod.sidecar_image.empty() && !installation.sidecar_image.empty() &&
      pod.sidecar_image != installation.sidecar_image) {
    lacks.push_back("it has image " + std::string(pod.sidecar_image) + " and not " +
                    installation.sidecar_image);
  }
  // A sidecar without a single mount is none of ours, or is not known.
  if (pod.sidecar_mounts.empty()) return Join(lacks, ", and ");
  const bool reads = target.logs && target.logs->collector == LogsSpec::Collector::kSidecar;
  if (target.WantsOutput()) {
    if (!Sees(pod, kApiPath)) lacks.push_back("it has no right to read the containers' output");
  } else if (reads && !Sees(pod, target.logs->directory) &&
             WhyUnseen(pod, target.logs->directory).empty()) {
    lacks.push_back("it sees no volume at " + target.logs->directory);
  }
  if (reads && installation.loki_secret && !Sees(pod, kLokiPath)) {
    lacks.push_back("it has no credentials for the log store");
  }
  return Join(lacks, ", and ");
}

std::string SidecarOutdatedText(const PodView& pod, const std::string& lacks) {
  return "The sidecar of pod " + pod.Key() + " is outdated: " + lacks + "; " + Restart(pod) + ".";
}

std::string ConfigRefusedText(const PodView& pod) {
  std::string text = "The sidecar of pod " + pod.Key() + " refuses the configuration that is made ";
  text.append("of this resource and goes on with the last good one; look at kubectl logs ");
  text.append(pod.name).append(" -c telltale-sidecar -n ").append(pod.ns);
  return text.append(", and ").append(Restart(pod)).append(" if its image is outdated.");
}

Reason TroubleReason(const PodView& pod) {
  const std::string_view why = pod.trouble.substr(pod.trouble.find(' ') + 1);
  if (why == "CrashLoopBackOff") return Reason::kCrashLoop;
  const bool image =
      why.find("Image") != std::string_view::npos || why.find("Registry") != std::string_view::npos;
  return image ? Reason::kImagePull : Reason::kCannotStart;
}

std::string TroubleText(const PodView& pod, Reason reason) {
  const std::size_t space = pod.trouble.find(' ');
  const std::string_view container = pod.trouble.substr(0, space);
  std::string text = "Container " + std::string(container) + " of pod " + pod.Key() + " waits (";
  text.append(pod.trouble.substr(space + 1)).append("): ").append(Info(reason).cause);
  if (reason == Reason::kCrashLoop) {
    text.append("; look at kubectl logs ").append(pod.name).append(" -c ").append(container);
    return text.append(" --previous -n ").append(pod.ns).append(".");
  }
  text.append("; ").append(Info(reason).fix).append(" (kubectl describe pod ").append(pod.name);
  return text.append(" -n ").append(pod.ns).append(").");
}

std::string LogsUnreadableText(const PodView& pod, std::string_view why) {
  std::string text = "Log files of pod " + pod.Key() + " cannot be read (" + std::string(why) + ")";
  const auto found = std::ranges::find(kUnread, why, &Unread::reason);
  if (found == kUnread.end()) {
    const ReasonInfo& info = Info(Reason::kLogsUnreadable);
    return text.append(": ").append(info.cause).append("; ").append(info.fix).append(".");
  }
  return text.append(": ").append(found->sentence).append(".");
}

std::string NoLogFilesText(const PodView& pod, const LogsSpec& logs) {
  std::string text = "The sidecar of pod " + pod.Key() + " finds no file in " + logs.directory;
  text.append(" that matches ").append(Join(logs.include, ", "));
  return text.append("; ").append(Info(Reason::kNoLogFiles).fix).append(".");
}

std::string LogsForbiddenText(const PodView& pod) {
  const ReasonInfo& info = Info(Reason::kLogsForbidden);
  std::string text = "The output of pod " + pod.Key() + " cannot be read: ";
  return text.append(info.cause).append("; ").append(info.fix).append(".");
}

std::string LogsStalledText(const PodView& pod, std::int64_t since, bool sidecar) {
  std::string text = "Pod " + pod.Key() + " has log lines that wait for the log store";
  if (since > 0) text.append(" since ").append(FormatRfc3339(since * 1'000'000'000));
  text.append(": ").append(Info(Reason::kLogsStalled).cause).append("; look at ");
  if (sidecar) {
    text.append("kubectl logs ").append(pod.name).append(" -c telltale-sidecar -n ").append(pod.ns);
  } else {
    text.append("the log of the node agent of its node");
  }
  return text.append(", and at the store.");
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

std::string PortAmbiguousText(const PodView& pod, const Endpoint& endpoint, std::size_t index) {
  const ResolvedPort port = ResolvePort(*pod.containers, endpoint);
  const std::string where = "spec.metrics.endpoints[" + std::to_string(index) + "]";
  return "Pod " + pod.Key() + " declares a port named " + endpoint.port.name + " in container " +
         port.container + ", which is scraped, and in container " + port.also + ", which is not; " +
         "set container in " + where + ", and add an endpoint for the other one.";
}

std::string ScrapeFailedText(const PodView& pod, int port, const Endpoint& endpoint, Reason reason,
                             std::string_view error) {
  std::string text = "Pod " + pod.Key() + (endpoint.https ? " at https://" : " at http://");
  text.append(ScrapeAddress(pod.ip, port))
      .append(endpoint.path)
      .append(": ")
      .append(ScrapeAdvice(reason, error));
  if (error.empty()) return text.append(".");
  return text.append(" (Prometheus says: ").append(error).append(").");
}

}  // namespace telltale
