// SPDX-License-Identifier: Apache-2.0
//
// telltale-operator as a child process. One thread.
#pragma once

#include <string>
#include <vector>

#include "tests/faults/child_process.h"

namespace telltale::faults {

class OperatorProcess : public ChildProcess {
 public:
  // The program in $TELLTALE_BIN; empty when there is none.
  static std::string Program();

  explicit OperatorProcess(std::vector<std::string> flags);

  bool WaitReady();       // 20 s for /readyz to be 200
  std::string Targets();  // the served list; empty when there is none
};

}  // namespace telltale::faults
