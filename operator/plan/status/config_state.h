// SPDX-License-Identifier: Apache-2.0
//
// ConfigState: what became of the configuration that one MonitoringTarget asks for, in all the
// ConfigMaps that carry it. Collected by the reconcilers (reconcile/config_outcomes.h), read by
// status. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "operator/plan/reasons.h"

namespace telltale {

struct ConfigProblem {
  Reason reason = Reason::kConfigNotWritten;
  std::string message;  // a whole sentence
  bool operator==(const ConfigProblem&) const = default;
};

struct ConfigState {
  // The generation that every one of the ConfigMaps has; nothing while none was looked at.
  std::optional<std::int64_t> written;
  std::vector<ConfigProblem> problems;  // by ConfigMap
};

}  // namespace telltale
