// SPDX-License-Identifier: Apache-2.0
//
// Waiting for something that another thread or process does. Every wait of a C++ test goes through
// WaitUntil, so that a failure is a sentence and not a test that hangs.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>
#include <thread>

namespace telltale {

// Long enough for a loaded machine; a test that passes never waits this long.
inline constexpr std::chrono::seconds kWaitDeadline{120};

// Calls `predicate` every millisecond until it is true. After `deadline` it fails the running test
// with "timed out waiting until <what>" and returns false. `what` reads as "the pod is listed".
template <class Predicate>
bool WaitUntil(std::string_view what, Predicate predicate,
               std::chrono::milliseconds deadline = kWaitDeadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) {
      ADD_FAILURE() << "timed out waiting until " << what;
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace telltale
