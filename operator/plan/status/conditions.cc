// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/conditions.h"

#include "operator/model/selection.h"

namespace telltale {
namespace {

using State = Condition::State;

std::string Of(int part, int whole, std::string_view what) {
  return std::to_string(part) + " of " + std::to_string(whole) + " " + std::string(what);
}

// A count of problems with the worst of them as the example.
std::string WithExample(std::string text, const TargetProblem* problem) {
  return problem ? text + ". " + problem->message : text + ".";
}

Condition Accepted(const StatusInput& input, const TargetHealth& health) {
  const MonitoringTarget& target = input.target;
  if (!target.invalid.empty()) {
    std::string message = target.invalid.front();
    if (target.invalid.size() > 1) {
      message += " (and " + std::to_string(target.invalid.size() - 1) + " more)";
    }
    return {"Accepted", State::kFalse, Reason::kInvalid, message + "."};
  }
  if (AsksBeyondTrust(target, input.trusted_namespaces)) {
    const TargetProblem* problem = health.Find({Reason::kNotTrusted});
    return {"Accepted", State::kFalse, Reason::kNotTrusted,
            problem ? problem->message : std::string(Info(Reason::kNotTrusted).cause) + "."};
  }
  // The consumers do not get it, so it cannot be acted on.
  if (const auto* problem =
          health.Find({Reason::kInvalid, Reason::kConfigTooLarge, Reason::kConfigNotWritten})) {
    return {"Accepted", State::kFalse, problem->reason, problem->message};
  }
  return {"Accepted", State::kTrue, Reason::kAccepted, "The resource is understood."};
}

// Why there is no running pod to speak of.
Condition NobodyRuns(std::string_view type, const TargetHealth& health) {
  if (health.matched == 0) {
    return {type, State::kUnknown, Reason::kNoPodsMatched, "No pod is matched."};
  }
  return {type, State::kUnknown, Reason::kNotRunning,
          "None of the " + std::to_string(health.matched) + " matched pods is running."};
}

// A part that could not be read may have asked for it.
Condition NotRequested(std::string_view type, const MonitoringTarget& target,
                       std::string_view message) {
  if (target.invalid.empty()) {
    return {type, State::kTrue, Reason::kNotRequested, std::string(message)};
  }
  return {type, State::kUnknown, Reason::kInvalid, "A part of the resource cannot be used."};
}

Condition Discovered(const StatusInput& input, const TargetHealth& health) {
  const MonitoringTarget& target = input.target;
  constexpr std::string_view kType = "Discovered";
  if (target.selector.empty() && !target.selector.match_all) {
    return {kType, State::kUnknown, Reason::kInvalid, "The selector cannot be used."};
  }
  if (const auto* problem = health.Find({Reason::kNoPodsMatched})) {
    return {kType, State::kFalse, problem->reason, problem->message};
  }
  if (const auto* problem = health.Find({Reason::kPortNotFound})) {
    return {kType, State::kFalse, problem->reason, problem->message};
  }
  if (health.running == 0) {
    Condition condition = NobodyRuns(kType, health);
    condition.state = State::kFalse;
    return condition;
  }
  return {kType, State::kTrue, Reason::kDiscovered,
          Of(health.running, health.matched, "matched pods are running.")};
}

// The worst reason why a pod has no sidecar.
const TargetProblem* WithoutSidecar(const TargetHealth& health) {
  return health.Find({Reason::kSidecarMissing, Reason::kSidecarImpossible, Reason::kHostNetwork});
}

Condition Injected(const StatusInput& input, const TargetHealth& health) {
  constexpr std::string_view kType = "Injected";
  const MonitoringTarget& target = input.target;
  if (!target.WantsSidecar()) {
    return NotRequested(kType, target, "No sidecar is asked for.");
  }
  if (health.running == 0) return NobodyRuns(kType, health);
  if (health.missing > 0) {
    const auto* problem = WithoutSidecar(health);
    return {
        kType, State::kFalse, problem ? problem->reason : Reason::kSidecarMissing,
        WithExample(Of(health.missing, health.running, "running pods lack the sidecar"), problem)};
  }
  std::string message = Of(health.with_sidecar, health.running, "running pods have the sidecar");
  if (health.opted_out > 0) {
    message += ", " + std::to_string(health.opted_out) + " opted out by annotation";
  }
  return {kType, State::kTrue, Reason::kInjected, message + "."};
}

Condition NothingToScrape(std::string_view type, const TargetHealth& health) {
  if (health.running == 0) return NobodyRuns(type, health);
  const auto* problem = health.Find({Reason::kPortNotFound});
  if (!problem) problem = WithoutSidecar(health);
  return {type, State::kUnknown, problem ? problem->reason : Reason::kNotYetScraped,
          "There is nothing to scrape yet."};
}

Condition Scraped(const StatusInput& input, const TargetHealth& health) {
  constexpr std::string_view kType = "Scraped";
  const MonitoringTarget& target = input.target;
  if (!target.metrics && !target.WantsSidecar()) {
    return NotRequested(kType, target, "No metrics are asked for.");
  }
  if (health.scrapes == 0) return NothingToScrape(kType, health);
  if (!input.view.known) {
    const std::string why = input.view.error.empty() ? "it was not asked yet" : input.view.error;
    return {kType, State::kUnknown, Reason::kPrometheusUnknown,
            "Prometheus did not say what it scrapes: " + why + "."};
  }
  if (health.scrapes_down > 0) {
    const auto* problem =
        health.Find({Reason::kConnectionRefused, Reason::kAuth, Reason::kNotFound,
                     Reason::kBadContent, Reason::kTimeout, Reason::kScrapeFailed});
    return {kType, State::kFalse, problem ? problem->reason : Reason::kScrapeFailed,
            WithExample(Of(health.scrapes_down, health.scrapes, "targets are not up"), problem)};
  }
  if (health.scrapes_pending > 0) {
    return {kType, State::kUnknown, Reason::kNotYetScraped,
            Of(health.scrapes_pending, health.scrapes, "targets were not scraped yet: ") +
                health.first_pending + "."};
  }
  return {kType, State::kTrue, Reason::kUp,
          Of(health.scrapes_up, health.scrapes, "targets are up.")};
}

Condition LogsFlowing(const StatusInput& input, const TargetHealth& health) {
  constexpr std::string_view kType = "LogsFlowing";
  const MonitoringTarget& target = input.target;
  if (!target.logs) {
    return NotRequested(kType, target, "No logs are asked for.");
  }
  if (target.logs->collector == LogsSpec::Collector::kNode) {
    return {kType, State::kUnknown, Reason::kNodeAgent,
            "An agent on each node reads the logs; what it delivers is not known here."};
  }
  if (health.running == 0) return NobodyRuns(kType, health);
  if (const auto* problem = WithoutSidecar(health)) {
    return {kType, State::kFalse, problem->reason,
            Of(health.missing, health.running, "running pods lack the sidecar that reads logs.")};
  }
  if (health.unseen > 0) {
    return {kType, State::kFalse, Reason::kLogsUnseen,
            WithExample(Of(health.unseen, health.with_sidecar, "sidecars do not see all log files"),
                        health.Find({Reason::kLogsUnseen}))};
  }
  if (health.forbidden > 0) {
    return {kType, State::kFalse, Reason::kLogsForbidden,
            WithExample(Of(health.forbidden, health.with_sidecar,
                           "sidecars are refused their pods' output"),
                        health.Find({Reason::kLogsForbidden}))};
  }
  if (health.stalled > 0) {
    return {kType, State::kFalse, Reason::kLogsStalled,
            WithExample(Of(health.stalled, health.with_sidecar, "sidecars wait for Loki"),
                        health.Find({Reason::kLogsStalled}))};
  }
  if (health.with_sidecar > 0 && health.silent == 0) {
    return {kType, State::kTrue, Reason::kFlowing,
            Of(health.with_sidecar, health.with_sidecar, "sidecars had lines acknowledged.")};
  }
  if (!input.view.known) {
    return {kType, State::kUnknown, Reason::kPrometheusUnknown,
            "Prometheus did not say what the sidecars delivered."};
  }
  std::string message = Of(health.silent, health.running, "running pods had no line delivered yet");
  if (!health.first_silent.empty()) message += ": pod " + health.first_silent;
  return {kType, State::kUnknown, Reason::kNoLinesYet, message + "."};
}

// LogsFlowing may stay unknown: an application is free to be silent.
Condition Ready(const StatusInput& input, const std::vector<Condition>& others,
                const TargetHealth& health) {
  for (const auto& other : others) {
    if (other.state == State::kFalse) return {"Ready", State::kFalse, other.reason, other.message};
  }
  if (ConfigMissing(input)) {
    return {"Ready", State::kUnknown, Reason::kConfigPending,
            "The configuration of generation " + std::to_string(input.target.meta.generation) +
                " is not written yet."};
  }
  for (const auto& other : others) {
    if (other.state == State::kUnknown && other.type != "LogsFlowing") {
      return {"Ready", State::kUnknown, other.reason, other.message};
    }
  }
  return {"Ready", State::kTrue, Reason::kReady,
          "Everything asked for works on " + Of(health.running, health.matched, "pods.")};
}

std::vector<Condition> Suspended(Condition accepted) {
  std::vector<Condition> conditions = {std::move(accepted)};
  for (const auto type : {"Discovered", "Injected", "Scraped", "LogsFlowing"}) {
    conditions.push_back({type, State::kUnknown, Reason::kSuspended,
                          "spec.suspend is true: nothing is done for this resource."});
  }
  return conditions;
}

}  // namespace

std::vector<Condition> MakeConditions(const StatusInput& input, const TargetHealth& health) {
  std::vector<Condition> conditions;
  if (input.target.suspend) {
    conditions = Suspended(Accepted(input, health));
  } else {
    conditions = {Accepted(input, health), Discovered(input, health), Injected(input, health),
                  Scraped(input, health), LogsFlowing(input, health)};
  }
  conditions.push_back(Ready(input, conditions, health));
  return conditions;
}

std::string_view StateName(Condition::State state) {
  switch (state) {
    case State::kTrue:
      return "True";
    case State::kFalse:
      return "False";
    case State::kUnknown:
      break;
  }
  return "Unknown";
}

}  // namespace telltale
