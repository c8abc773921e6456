// SPDX-License-Identifier: Apache-2.0
//
// Runs a program and takes what it writes, within a time and a size; for credential plugins. No
// shell: the arguments are the arguments. The program leads a process group of its own, gets
// /dev/null as its input, none of our other descriptors, and default signals. When it must end
// early, the whole group is killed. Thread-safe: made with posix_spawn, so that nothing runs
// between fork and exec in a process with other threads and locks.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace telltale {

struct ChildCommand {
  std::vector<std::string> arguments;    // the first is the program, found in PATH when without '/'
  std::vector<std::string> environment;  // all of it, "NAME=value"
  std::chrono::milliseconds timeout{60'000};
  std::size_t max_output = 1u << 20;
  int cancel_fd = -1;  // when it becomes readable the program is killed
};

struct ChildResult {
  int exit_code = 0;  // 128 + the signal when one ended it, as shells say
  std::string output;
  std::string errors;  // the beginning of what it wrote to stderr
};

// Waits until the program ended, however that went. Errors: kNotFound (no such program),
// kPermission, kTimeout, kCancelled, kTooLarge (its output). A process that the program left behind
// with our pipe open is not waited for.
Result<ChildResult> RunChild(const ChildCommand& command);

}  // namespace telltale
