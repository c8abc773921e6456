// SPDX-License-Identifier: Apache-2.0
//
// telltale-operator as a child process: started with flags, asked over HTTP, sent signals, killed
// and waited for at the latest by the destructor. One thread.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace telltale::faults {

class OperatorProcess {
 public:
  // The program in $TELLTALE_BIN; empty when there is none.
  static std::string Program();

  explicit OperatorProcess(std::vector<std::string> flags);
  ~OperatorProcess();
  OperatorProcess(const OperatorProcess&) = delete;
  OperatorProcess& operator=(const OperatorProcess&) = delete;

  void Signal(int number);
  void Wait();  // until it has ended

  bool WaitReady();       // 20 s for /readyz to be 200
  std::string Targets();  // the served list; empty when there is none
  double Metric(const std::string& name);
  std::string Log() const;  // its end

 private:
  // The body of a 200; empty otherwise.
  std::string Get(const std::string& path);
  int Port();

  std::string log_;  // file
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace telltale::faults
