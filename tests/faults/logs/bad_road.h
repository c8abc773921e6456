// SPDX-License-Identifier: Apache-2.0
//
// What lies between a shipper of logs and a real log store: a server that passes pushes on, and by
// a seed loses the push, the answer, or both; for a while it may refuse connections. The server has
// threads of its own; all methods are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/fakes/fake_loki.h"
#include "tests/faults/logs/test_store.h"

namespace telltale::faults {

class BadRoad {
 public:
  // With `tls` what is cut is a TLS connection.
  BadRoad(TestStore store, std::uint64_t seed, bool tls = false);

  std::string url() const { return front_.url(); }
  void Misbehave(bool errors) { misbehaves_ = errors; }
  void GoAway() { front_.GoDown(); }
  void ComeBack() { front_.ComeBack(); }

 private:
  FakeLoki::Reply Handle(const FakeLoki::Push& push);
  FakeLoki::Reply PassOn(const FakeLoki::Push& push) const;

  const TestStore store_;
  LokiFaults faults_;
  std::atomic<bool> misbehaves_{false};
  std::atomic<std::uint64_t> pushes_{0};
  FakeLoki front_;
};

}  // namespace telltale::faults
