// SPDX-License-Identifier: Apache-2.0
//
// What the kernel counts of TCP and UDP in a network namespace. Pure. Formats:
// Documentation/networking/proc_net_tcp.rst and snmp_counter.rst of Linux.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

// /proc/<pid>/net/snmp and net/netstat: pairs of lines, "Tcp: RtoAlgorithm ..." and "Tcp: 1 ...".
// By "Tcp_RetransSegs".
Result<std::map<std::string, std::int64_t>> ParseNetstat(std::string_view text);

// Connections by state, the index being the kernel's number; 0 and 12 are not used here.
using TcpStates = std::array<std::uint64_t, 13>;
// node_exporter's name of a state; empty for a number that is none.
std::string_view TcpStateName(std::size_t state);

// Counts the connections of /proc/<pid>/net/tcp and tcp6, which may have megabytes: it takes the
// text in pieces of any size.
class TcpStateCounter {
 public:
  void Add(std::string_view piece);
  void End();  // of a file
  const TcpStates& states() const { return states_; }

 private:
  void Line(std::string_view line);

  TcpStates states_{};
  std::string rest_;  // of a line that a piece ended in
};

}  // namespace telltale
