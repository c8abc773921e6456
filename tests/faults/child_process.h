// SPDX-License-Identifier: Apache-2.0
//
// One of our programs, or a peer of it, as a child process: started with arguments, asked over HTTP
// at the port that it logs, sent signals, killed and waited for at the latest by the destructor.
// One thread.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <string>
#include <vector>

namespace telltale::faults {

// In $TELLTALE_BIN; empty when it is not there.
std::string ProgramPath(const std::string& name);

class ChildProcess {
 public:
  ChildProcess(const std::string& program, std::vector<std::string> arguments);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int number);
  void Wait();  // until it has ended
  pid_t pid() const { return pid_; }

  double Metric(const std::string& name);
  // The body of a 200; empty otherwise.
  std::string Get(const std::string& path);
  std::string Log() const;  // its end

 private:
  int Port();

  std::string log_;  // file
  pid_t pid_ = -1;
  int port_ = 0;
};

}  // namespace telltale::faults
