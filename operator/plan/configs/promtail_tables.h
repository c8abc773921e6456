// SPDX-License-Identifier: Apache-2.0
//
// The stages and options of Promtail that the operator writes, with what we call them. What is not
// here is not known to be right. Internal to operator/plan; pure.
#pragma once

#include <span>
#include <string_view>

#include "operator/plan/configs/promtail_values.h"

namespace telltale {

struct PromtailStage {
  std::string_view name, ours;
  bool newer = false;  // of Promtail 3
};

struct PromtailOption {
  std::string_view stage, name, ours;
  PromtailValue type;
  bool required = false;
  bool newer = false;  // of Promtail 3
};

// Null if there is none. The options of one metric are those of the stage "metric".
const PromtailStage* FindPromtailStage(std::string_view name);
const PromtailOption* FindPromtailOption(std::string_view stage, std::string_view name);
std::span<const PromtailOption> AllPromtailOptions();

}  // namespace telltale
