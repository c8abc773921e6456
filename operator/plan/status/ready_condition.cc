// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/ready_condition.h"

#include <optional>
#include <string>

#include "operator/plan/status/resource_checks.h"

namespace telltale {
namespace {

using State = Condition::State;

// The sidecars that Prometheus knows do not all run what the resource asks for now.
std::optional<Condition> BehindInSidecars(const StatusInput& input) {
  const auto lowest = input.view.LowestGeneration(input.target.meta.Key());
  const std::int64_t newest = input.target.meta.generation;
  if (!input.target.WantsSidecar() || !lowest || *lowest >= newest) return std::nullopt;
  return Condition{"Ready", State::kUnknown, Reason::kConfigPending,
                   "A sidecar still runs the configuration of generation " +
                       std::to_string(*lowest) + " and not of " + std::to_string(newest) +
                       "; the kubelet brings it within about 90 s."};
}

}  // namespace

std::string FinishedText(const StatusInput& input) {
  if (input.runs_jobs || input.finished == 0) return std::string(kJobsFinished);
  return std::to_string(input.finished) + " pods match and have finished; none runs now.";
}

Condition ReadyCondition(const StatusInput& input, const std::vector<Condition>& others,
                         const TargetHealth& health) {
  for (const auto& other : others) {
    if (other.state == State::kFalse) return {"Ready", State::kFalse, other.reason, other.message};
  }
  if (ConfigMissing(input)) {
    return {"Ready", State::kUnknown, Reason::kConfigPending,
            "The configuration of generation " + std::to_string(input.target.meta.generation) +
                " is not written yet."};
  }
  if (auto behind = BehindInSidecars(input)) return *std::move(behind);
  for (const auto& other : others) {
    if (other.state == State::kUnknown && other.type != "LogsFlowing") {
      return {"Ready", State::kUnknown, other.reason, other.message};
    }
  }
  if (health.running == 0 && HaveFinished(input)) {
    return {"Ready", State::kTrue, Reason::kFinished, FinishedText(input)};
  }
  const std::string pods =
      std::to_string(health.running) + " of " + std::to_string(health.matched) + " pods";
  for (const auto& other : others) {
    if (other.state != State::kUnknown) continue;
    return {"Ready", State::kTrue, Reason::kReady,
            "All that is known works on " + pods + "; of the logs: " + other.message};
  }
  return {"Ready", State::kTrue, Reason::kReady, "Everything asked for works on " + pods + "."};
}

}  // namespace telltale
