// SPDX-License-Identifier: Apache-2.0
//
// What the tests of LeaderElector share: a server of leases, and two replicas that want one.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "operator/kube/leader/leader_elector.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/operator/kube/leader/fake_leases.h"

namespace telltale {

inline const std::string kPath =
    "/apis/coordination.k8s.io/v1/namespaces/telltale/leases/telltale-operator";

// A replica: its line, its elector and what its owner was told.
struct Replica {
  Replica(FakeLeases& server, const std::string& identity, Clock& clock, Registry& registry)
      : line(server),
        api(line, {}, clock),
        elector({.ns = "telltale", .identity = identity}, api, registry, clock,
                [this] { return random; }) {
    elector.OnStarted([this] { told.push_back("started"); });
    elector.OnStopped([this] { told.push_back("stopped"); });
  }

  FakeLine line;
  Api api;
  std::uint64_t random = 0;
  LeaderElector elector;
  std::vector<std::string> told;
};

class LeaderElectorTest : public ::testing::Test {
 protected:
  LeaseSpec Spec() const { return server_.Spec(kPath); }
  double Master() {
    return registry_
        .AddGauge("leader_election_master_status",
                  "1 while this replica holds the lease of that "
                  "name.",
                  {{"name", "telltale-operator"}})
        .Value();
  }
  LeaseSpec Others(std::int64_t duration = 15) const {
    return {"other_1", duration, "2020-01-01T00:00:00.000000Z", "2020-01-01T00:00:00.000000Z", 3};
  }
  // Steps every two std::chrono::seconds as a leader does.
  void Live(std::chrono::seconds how_long) {
    for (auto t = std::chrono::seconds(0); t < how_long; t += std::chrono::seconds(2)) {
      clock_.Advance(std::chrono::seconds(2));
      a_.elector.Step();
    }
  }

  FakeClock clock_;
  FakeLeases server_;
  Registry registry_, other_registry_;
  Replica a_{server_, "a_1", clock_, registry_};
  Replica b_{server_, "b_1", clock_, other_registry_};
};

}  // namespace telltale
