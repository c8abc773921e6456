// SPDX-License-Identifier: Apache-2.0
//
// How the name of a case says what its plan is about.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tests/faults/operator/fault_plan.h"

namespace telltale::faults {

inline std::string SeedName(const testing::TestParamInfo<std::uint64_t>& info) {
  std::string name;
  for (const char c : ThemeName(FaultPlan(info.param).theme())) name += c == '-' ? '_' : c;
  return name + "_" + std::to_string(info.param);
}

}  // namespace telltale::faults
