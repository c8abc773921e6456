// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/conditions.h"

#include <optional>
#include <utility>

#include "operator/model/selection.h"
#include "operator/plan/status/ready_condition.h"

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
  if (!target.refused_tenant.empty()) {
    return {"Accepted", State::kFalse, Reason::kTenantNotAllowed, target.refused_tenant};
  }
  // The consumers do not get it, so it cannot be acted on.
  if (const auto* problem =
          health.Find({Reason::kInvalid, Reason::kUnknownClass, Reason::kFilterUnsupported,
                       Reason::kConfigTooLarge, Reason::kConfigNotWritten})) {
    return {"Accepted", State::kFalse, problem->reason, problem->message};
  }
  return {"Accepted", State::kTrue, Reason::kAccepted, "The resource is understood."};
}

// Why there is no running pod to speak of. Between two runs of a CronJob nothing is wrong.
Condition NobodyRuns(std::string_view type, const StatusInput& input, const TargetHealth& health) {
  if (health.matched == 0 && !HaveFinished(input)) {
    return {type, State::kUnknown, Reason::kNoPodsMatched, "No pod is matched."};
  }
  if (HaveFinished(input) && health.matched == health.starting) {
    return {type, State::kTrue, Reason::kFinished, FinishedText(input)};
  }
  if (health.matched == health.starting) {
    return {type, State::kUnknown, Reason::kNotRunning,
            Of(health.starting, health.matched, "matched pods are starting.")};
  }
  return {type, State::kUnknown, Reason::kNotRunning,
          "None of the " + std::to_string(health.matched) + " matched pods is running."};
}

// A part that could not be read may have asked for it.
Condition NotRequested(std::string_view type, const MonitoringTarget& target,
                       std::string_view message) {
  if (!target.refused_tenant.empty() && type == "LogsFlowing") {
    return {type, State::kFalse, Reason::kTenantNotAllowed, target.refused_tenant};
  }
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
  if (const auto* problem = health.Find({Reason::kPodsRefused, Reason::kNoPodsMatched})) {
    return {kType, State::kFalse, problem->reason, problem->message};
  }
  if (const auto* problem = health.Find({Reason::kPortNotFound, Reason::kPortAmbiguous})) {
    return {kType, State::kFalse, problem->reason, problem->message};
  }
  if (const auto* problem =
          health.Find({Reason::kImagePull, Reason::kCrashLoop, Reason::kCannotStart})) {
    return {kType, State::kFalse, problem->reason,
            WithExample(Of(health.unfit, health.matched, "matched pods cannot run"), problem)};
  }
  if (health.running == 0) {
    Condition condition = NobodyRuns(kType, input, health);
    if (condition.state == State::kUnknown && health.matched > health.starting) {
      condition.state = State::kFalse;
    }
    return condition;
  }
  return {kType, State::kTrue, Reason::kDiscovered,
          Of(health.running, health.matched, "matched pods are running.")};
}

// The worst reason why a pod has no sidecar.
const TargetProblem* WithoutSidecar(const TargetHealth& health) {
  return health.Find({Reason::kInjectionOff, Reason::kSidecarMissing, Reason::kWebhookMissed,
                      Reason::kSidecarImpossible, Reason::kHostNetwork});
}

bool AllOptedOut(const TargetHealth& health) {
  return health.opted_out > 0 && health.opted_out == health.running;
}

Condition OptedOut(std::string_view type, const TargetHealth& health) {
  return {type, State::kTrue, Reason::kOptedOut,
          Of(health.opted_out, health.running, "running pods opted out by annotation.")};
}

Condition Injected(const StatusInput& input, const TargetHealth& health) {
  constexpr std::string_view kType = "Injected";
  const MonitoringTarget& target = input.target;
  if (!target.WantsSidecar()) {
    return NotRequested(kType, target, "No sidecar is asked for.");
  }
  if (health.running == 0) return NobodyRuns(kType, input, health);
  if (health.missing > 0) {
    const auto* problem = WithoutSidecar(health);
    return {
        kType, State::kFalse, problem ? problem->reason : Reason::kSidecarMissing,
        WithExample(Of(health.missing, health.running, "running pods lack the sidecar"), problem)};
  }
  if (health.outdated > 0) {
    return {kType, State::kFalse, Reason::kSidecarOutdated,
            WithExample(Of(health.outdated, health.with_sidecar, "sidecars are outdated"),
                        health.Find({Reason::kSidecarOutdated}))};
  }
  if (health.refused > 0) {
    return {
        kType, State::kFalse, Reason::kConfigRefused,
        WithExample(Of(health.refused, health.with_sidecar, "sidecars refuse the configuration"),
                    health.Find({Reason::kConfigRefused}))};
  }
  if (AllOptedOut(health)) return OptedOut(kType, health);
  std::string message = Of(health.with_sidecar, health.running, "running pods have the sidecar");
  if (health.opted_out > 0) {
    message += ", " + std::to_string(health.opted_out) + " opted out by annotation";
  }
  return {kType, State::kTrue, Reason::kInjected, message + "."};
}

Condition NothingToScrape(std::string_view type, const StatusInput& input,
                          const TargetHealth& health) {
  if (health.running == 0) return NobodyRuns(type, input, health);
  if (!input.target.metrics && AllOptedOut(health)) return OptedOut(type, health);
  if (health.scrapes_starting > 0) {
    return {type, State::kTrue, Reason::kUp,
            std::to_string(health.scrapes_starting) + " targets are too new to count."};
  }
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
  if (health.scrapes == 0) return NothingToScrape(kType, input, health);
  if (!input.view.known) {
    const std::string why = input.view.error.empty() ? "it was not asked yet" : input.view.error;
    return {kType, State::kUnknown, Reason::kPrometheusUnknown,
            "Prometheus did not say what it scrapes: " + why + "."};
  }
  if (health.scrapes_down > 0) {
    const auto* problem = health.Find(
        {Reason::kImagePull, Reason::kCrashLoop, Reason::kCannotStart, Reason::kConnectionRefused,
         Reason::kTls, Reason::kRedirect, Reason::kAuth, Reason::kNotFound, Reason::kBadContent,
         Reason::kEmptyPage, Reason::kTimeout, Reason::kLimitExceeded, Reason::kScrapeFailed});
    return {kType, State::kFalse, problem ? problem->reason : Reason::kScrapeFailed,
            WithExample(Of(health.scrapes_down, health.scrapes, "targets are not up"), problem)};
  }
  if (health.scrapes_pending > 0 && !input.view.note.empty()) {
    return {kType, State::kUnknown,
            input.view.reports() == 0 ? Reason::kNoScrapeJob : Reason::kNotYetScraped,
            Of(health.scrapes_pending, health.scrapes, "targets were not scraped yet: ") +
                input.view.note + "."};
  }
  if (health.scrapes_pending > 0) {
    return {kType, State::kUnknown, Reason::kNotYetScraped,
            Of(health.scrapes_pending, health.scrapes, "targets were not scraped yet: ") +
                health.first_pending + "."};
  }
  return {kType, State::kTrue, Reason::kUp,
          Of(health.scrapes_up, health.scrapes, "targets are up.")};
}

// The gravest thing that keeps log lines from arriving.
struct LogTrouble {
  Reason reason;
  int pods;
  std::string_view what;
};

std::optional<Condition> LogsInTrouble(std::string_view type, const TargetHealth& health) {
  const int readers = health.running;
  for (const auto& [reason, pods, what] :
       {LogTrouble{Reason::kLogsUnseen, health.unseen, "sidecars do not see all log files"},
        LogTrouble{Reason::kLogsForbidden, health.forbidden, "pods' output may not be read"},
        LogTrouble{Reason::kLogsUnreadable, health.unreadable,
                   "pods have log files that cannot be "
                   "read"},
        LogTrouble{Reason::kNoLogFiles, health.no_files, "pods have no log file"},
        LogTrouble{Reason::kLogsStalled, health.stalled,
                   "pods have lines that wait for the log store"}}) {
    if (pods == 0) continue;
    return Condition{type, State::kFalse, reason,
                     WithExample(Of(pods, readers, what), health.Find({reason}))};
  }
  return std::nullopt;
}

Condition LogsFlowing(const StatusInput& input, const TargetHealth& health) {
  constexpr std::string_view kType = "LogsFlowing";
  const MonitoringTarget& target = input.target;
  if (!target.logs) {
    return NotRequested(kType, target, "No logs are asked for.");
  }
  if (const auto* problem = health.Find({Reason::kNoLogStore, Reason::kNoNodeAgent})) {
    return {kType, State::kFalse, problem->reason, problem->message};
  }
  if (health.running == 0) return NobodyRuns(kType, input, health);
  const bool sidecars = target.logs->collector == LogsSpec::Collector::kSidecar;
  if (const auto* problem = sidecars ? WithoutSidecar(health) : nullptr) {
    return {kType, State::kFalse, problem->reason,
            Of(health.missing, health.running, "running pods lack the sidecar that reads logs.")};
  }
  if (sidecars && AllOptedOut(health)) return OptedOut(kType, health);
  if (auto trouble = LogsInTrouble(kType, health)) return *std::move(trouble);
  if (health.delivered > 0 && health.silent == 0) {
    return {kType, State::kTrue, Reason::kFlowing,
            Of(health.delivered, health.running, "running pods had lines acknowledged.")};
  }
  if (!sidecars && input.view.known && input.view.node_agents() == 0) {
    return {
        kType, State::kUnknown, Reason::kNodeAgent,
        "A node agent is to read the logs, and Prometheus scrapes none: what is delivered is not "
        "known here."};
  }
  if (!input.view.known) {
    return {kType, State::kUnknown, Reason::kPrometheusUnknown,
            "Prometheus did not say what was delivered."};
  }
  std::string message = Of(health.silent, health.running, "running pods had no line delivered yet");
  if (!health.first_silent.empty()) message += ": pod " + health.first_silent;
  return {kType, State::kUnknown, Reason::kNoLinesYet, message + "."};
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
  conditions.push_back(ReadyCondition(input, conditions, health));
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
