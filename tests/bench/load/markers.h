// SPDX-License-Identifier: Apache-2.0
//
// The stopwatch: which marker pods ought to be served, since when, and when they were first seen or
// no longer seen. The load calls Appeared and Gone when it sends the event, the poller Seen with
// the uids that one answer held. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace telltale::bench {

using Time = std::chrono::steady_clock::time_point;

struct Latencies {
  std::vector<double> appear_ms, gone_ms;  // sorted
  std::size_t missing = 0, lingering = 0;  // never seen, never gone, and due for 2 s
};

class Markers {
 public:
  void Appeared(const std::string& uid, Time at);
  void Gone(const std::string& uid, Time at);
  // An answer whose first byte came at `at` held these; it was asked for at `asked`.
  void Seen(const std::set<std::string>& uids, Time asked, Time at);
  Latencies Take();  // since the last Take
  void Forget();     // of what was not measured: nobody looked

 private:
  struct Entry {
    Time appeared, gone;
    bool due = false, seen = false, left = false;
  };
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  Latencies done_;
};

}  // namespace telltale::bench
