// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/findings.h"

#include <algorithm>

#include "operator/plan/discovery/pod_scrapes.h"
#include "operator/plan/status/pod_problems.h"

namespace telltale {
namespace {

// As namespace/name are ordered.
bool KeyBefore(const PodView& a, const PodView& b) {
  return a.ns == b.ns ? a.name < b.name : a.Key() < b.Key();
}

}  // namespace

std::string EndpointName(int endpoint) {
  if (endpoint == kNoEndpoint) return "";
  return endpoint == kSidecarPage ? std::string(kSidecarEndpoint) : std::to_string(endpoint);
}

bool ReadBySidecars(const MonitoringTarget& target) {
  return target.WantsSidecar() && target.logs &&
         target.logs->collector == LogsSpec::Collector::kSidecar;
}

std::string LogReaderName(const MonitoringTarget& target, const PodView& pod) {
  std::string name(pod.name);
  return ReadBySidecars(target) ? name : name.append(kByNodeAgent);
}

bool Findings::Worse(const Finding& a, const Finding& b) {
  if (a.reason != b.reason) return a.reason < b.reason;
  if (a.pod != b.pod) return !a.pod || (b.pod && KeyBefore(*a.pod, *b.pod));
  if (a.endpoint != b.endpoint) return EndpointName(a.endpoint) < EndpointName(b.endpoint);
  return a.text < b.text;
}

void Findings::WriteTo(TargetHealth& health) {
  health.problems_count = all_.size();
  std::ranges::sort(all_, Worse);
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const Finding& finding = all_[i];
    if (i >= kShownProblems && finding.reason == all_[i - 1].reason) continue;
    health.problems.push_back({finding.pod ? finding.pod->Key() : "",
                               EndpointName(finding.endpoint), finding.reason, Text(finding)});
  }
}

std::string Findings::Text(const Finding& finding) const {
  if (!finding.pod) return finding.text;
  const PodView& pod = *finding.pod;
  const MonitoringTarget& target = input_.target;
  const auto index = static_cast<std::size_t>(finding.endpoint);
  switch (finding.reason) {
    case Reason::kSidecarMissing:
    case Reason::kWebhookMissed:
    case Reason::kSidecarImpossible:
    case Reason::kInjectionOff:
    case Reason::kHostNetwork:
      return WithoutSidecarText(target, pod, finding.reason, input_.installation);
    case Reason::kSidecarOutdated:
      return SidecarOutdatedText(pod, OutdatedSidecar(target, pod, input_.installation));
    case Reason::kConfigRefused:
      return ConfigRefusedText(pod);
    case Reason::kImagePull:
    case Reason::kCrashLoop:
    case Reason::kCannotStart:
      return TroubleText(pod, finding.reason);
    case Reason::kLogsUnreadable:
      return LogsUnreadableText(pod, input_.view.Unreadable(pod.ns, LogReaderName(target, pod)));
    case Reason::kNoLogFiles:
      return NoLogFilesText(pod, *target.logs);
    case Reason::kPortAmbiguous:
      return PortAmbiguousText(pod, target.metrics->endpoints[index], index);
    case Reason::kNoIp:
    case Reason::kNotRunning:
      return NotRunningText(pod, finding.reason);
    case Reason::kLogsUnseen:
      return LogsUnseenText(pod, target.logs->directory);
    case Reason::kLogsForbidden:
      return LogsForbiddenText(pod);
    case Reason::kLogsStalled:
      return LogsStalledText(pod, *input_.view.StalledSince(pod.ns, LogReaderName(target, pod)),
                             ReadBySidecars(target));
    case Reason::kPortNotFound:
      return PortNotFoundText(pod, target.metrics->endpoints[index], index);
    default:
      break;
  }
  if (finding.endpoint == kSidecarPage) {
    return ScrapeFailedText(pod, kSidecarPort, Endpoint(), finding.reason, finding.error);
  }
  return ScrapeFailedText(pod, endpoints_.Port(pod, index), target.metrics->endpoints[index],
                          finding.reason, finding.error);
}

}  // namespace telltale
