// SPDX-License-Identifier: Apache-2.0
//
// What lies between a shipper of logs and a real Loki: a server that passes pushes on, and by a
// seed loses the push, the answer, or both; nobody may be there for a while. And how one reads back
// what the Loki holds. The server has threads of its own; all methods are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tests/fakes/fake_loki.h"
#include "tests/faults/logs/log_oracle.h"

namespace telltale::faults {

class BadRoad {
 public:
  // `loki` is the URL of the real one. With `tls` what is cut is a TLS connection.
  BadRoad(std::string loki, std::uint64_t seed, bool tls = false);

  std::string url() const { return front_.url(); }
  void Misbehave(bool errors) { misbehaves_ = errors; }
  void GoAway() { front_.GoDown(); }
  void ComeBack() { front_.ComeBack(); }

  // All lines of the streams with the label plan="...", by time; `stream` only when `cri`, because
  // not every shipper knows a file's form without being told. False when Loki did not answer.
  bool ReadBack(const std::string& plan, Delivered& out) const;

 private:
  FakeLoki::Reply Handle(const FakeLoki::Push& push);
  FakeLoki::Reply PassOn(const FakeLoki::Push& push) const;

  const std::string loki_;
  LokiFaults faults_;
  std::atomic<bool> misbehaves_{false};
  std::atomic<std::uint64_t> pushes_{0};
  FakeLoki front_;
};

}  // namespace telltale::faults
