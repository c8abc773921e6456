// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/operator_process.h"

#include <chrono>
#include <thread>
#include <utility>

namespace telltale::faults {
namespace {

constexpr std::chrono::milliseconds kPause{10};

}  // namespace

std::string OperatorProcess::Program() { return ProgramPath("telltale-operator"); }

OperatorProcess::OperatorProcess(std::vector<std::string> flags)
    : ChildProcess(Program(), std::move(flags)) {}

bool OperatorProcess::WaitReady() {
  for (int i = 0; i < 2000; ++i) {
    if (!Get("/readyz").empty()) return true;
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

std::string OperatorProcess::Targets() { return Get("/sd/v1/targets"); }

}  // namespace telltale::faults
