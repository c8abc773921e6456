// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/config_report.h"

#include <utility>

#include "common/base/cut_text.h"

namespace telltale {
namespace {

// The API server's sentence may list every rule of a policy.
constexpr std::size_t kMaxError = 800;

std::string NotWrittenText(const std::string& config_map, const std::string& readers,
                           const std::string& error) {
  const ReasonInfo& info = Info(Reason::kConfigNotWritten);
  std::string text = "ConfigMap " + config_map + ", which " + readers + " read, ";
  text.append("cannot be written: ").append(CutText(error, kMaxError)).append("; ");
  return text.append(info.fix).append(".");
}

std::string TooLargeText(const std::string& config_map, const std::string& readers,
                         std::size_t bytes) {
  const ReasonInfo& info = Info(Reason::kConfigTooLarge);
  std::string text = "The configuration that this resource asks for has " + std::to_string(bytes);
  text.append(" bytes and does not fit into ConfigMap ").append(config_map).append(", which ");
  text.append(readers).append(" read: ").append(info.cause).append("; ");
  return text.append(info.fix).append(".");
}

}  // namespace

bool ConfigReport::MustReport(const std::string& config_map, const ReconcileResult& result) {
  if (result.status.ok()) {
    failing_since_.erase(config_map);
    return false;
  }
  const Code code = result.status.error().code;
  if (code == Code::kCancelled) return false;  // another replica leads
  if (code != Code::kUnavailable && code != Code::kTimeout) return true;
  const SteadyTime now = clock_.Steady();
  return now - failing_since_.try_emplace(config_map, now).first->second >= kTransient;
}

void ConfigReport::Tried(const std::string& config_map, const std::string& readers,
                         const Parts& parts, const ReconcileResult& result) {
  const bool report = MustReport(config_map, result);
  // With a time to wait nothing was written: an earlier write is not echoed yet, or it comes.
  const bool written = result.status.ok() && result.requeue_after.count() == 0;
  const auto before = outcomes_.Get(config_map);
  ConfigOutcomes::ByTarget outcomes;
  for (const auto& [target, part] : parts) {
    const auto found = before.find(target);
    ConfigOutcomes::Outcome outcome =
        found == before.end() ? ConfigOutcomes::Outcome() : found->second;
    if (!part.refused.empty()) {
      outcome.written = 0;
      outcome.problem = {Reason::kInvalid, part.refused + "."};
    } else if (part.left_out) {
      outcome.written = 0;
      outcome.problem = {Reason::kConfigTooLarge, TooLargeText(config_map, readers, part.bytes)};
    } else if (written || part.in_place) {
      outcome = {part.generation, {}};
    } else if (report) {
      outcome.problem = {Reason::kConfigNotWritten,
                         NotWrittenText(config_map, readers, result.status.error().message)};
    }
    outcomes[target] = std::move(outcome);
  }
  outcomes_.Set(config_map, std::move(outcomes));
}

void ConfigReport::Nothing(const std::string& config_map) {
  failing_since_.erase(config_map);
  outcomes_.Set(config_map, {});
}

}  // namespace telltale
