// SPDX-License-Identifier: Apache-2.0
//
// Poller: looks at what a program serves and tells the stopwatch which markers are in it. Ours
// sorts the markers first, so that the first kilobytes are enough and looking costs it little.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/bench/load/markers.h"

namespace telltale::bench {

class Poller {
 public:
  explicit Poller(Markers& markers) : markers_(markers) {}
  ~Poller() { Stop(); }

  // `head_only`: stop reading behind the markers.
  void Start(std::uint16_t port, std::string target, bool head_only,
             std::chrono::milliseconds every);
  void Stop();
  std::uint64_t looks() const { return looks_; }
  std::uint64_t failures() const { return failures_; }

 private:
  void Look(std::uint16_t port, const std::string& target, bool head_only);

  Markers& markers_;
  std::atomic<std::uint64_t> looks_{0}, failures_{0};
  std::jthread thread_;
};

}  // namespace telltale::bench
