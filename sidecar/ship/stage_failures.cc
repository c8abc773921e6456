// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/stage_failures.h"

#include "common/base/log.h"

namespace telltale {
namespace {

std::string Sentence(const StageFailure& failure) {
  const std::string stage(failure.stage);
  if (failure.reason == "format") {
    return "a value does not have the format of the timestamp stage: the line keeps another time";
  }
  if (failure.reason == "no_value") {
    return "a " + stage + " stage finds no value to work on: an earlier stage should take it out";
  }
  return "a " + stage + " stage cannot read a line: nothing is taken out of it";
}

}  // namespace

bool StageFailures::MayWarn(const std::string& target, const StageFailure& failure) {
  const SteadyTime now = clock_.Steady();
  const auto is_old = [&](const auto& warned) { return now - warned.second >= kWarnEvery; };
  if (warned_.size() >= kMaxWarned) std::erase_if(warned_, is_old);
  const std::tuple key(target, std::string(failure.stage), std::string(failure.reason));
  const auto last = warned_.find(key);
  if (last != warned_.end() ? !is_old(*last) : warned_.size() >= kMaxWarned) return false;
  warned_[key] = now;
  return true;
}

void StageFailures::Add(const std::string& path, const std::string& target,
                        const std::vector<StageFailure>& failures) {
  for (const StageFailure& failure : failures) {
    if (failure.lines == 0) continue;
    if (!failure.is_failure()) {
      registry_
          .AddCounter("telltale_logs_stage_unmatched_lines_total",
                      "Lines that the expression of a regex stage did not match.",
                      {{"stage", std::string(failure.stage)}})
          .Add(failure.lines);
      continue;
    }
    registry_
        .AddCounter(
            "telltale_logs_stage_failures_total",
            "Lines on which a pipeline stage could not do its work, by stage and reason.",
            {{"reason", std::string(failure.reason)}, {"stage", std::string(failure.stage)}})
        .Add(failure.lines);
    if (!MayWarn(target, failure)) continue;
    LogWarn(Sentence(failure), {{"target", target},
                                {"stage", std::string(failure.stage)},
                                {"reason", std::string(failure.reason)},
                                {"value", failure.value},
                                {"path", path},
                                {"lines", failure.lines}});
  }
}

}  // namespace telltale
