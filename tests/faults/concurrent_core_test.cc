// SPDX-License-Identifier: Apache-2.0
//
// Two cores on threads of their own over one cluster, with readers, changes and broken streams all
// at once: for the race detector, and equal to a core without faults in the end.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/faults/core_process.h"
#include "tests/faults/outputs.h"
#include "tests/faults/seeds.h"
#include "tests/faults/thread_transport.h"
#include "tests/faults/undisturbed.h"
#include "tests/faults/world.h"

namespace telltale::faults {
namespace {

using std::chrono::milliseconds;

struct Replica {
  Replica(FakeCluster& cluster, int number)
      : transport(cluster, static_cast<std::uint64_t>(number)),
        core(Options(number), CoreTransports{transport, transport, transport}, registry) {}

  static CoreOptions Options(int number) {
    CoreOptions options;
    options.ns = "telltale";
    options.trusted_namespaces = {"telltale"};
    options.loki_url = "http://loki:3100";
    options.identity = "replica-" + std::to_string(number);
    options.leader.emplace();
    options.leader->ns = "telltale";
    options.leader->identity = options.identity;
    options.leader->lease = milliseconds(1000);
    options.leader->renew_deadline = milliseconds(600);
    options.leader->retry = milliseconds(100);
    options.wait = [](milliseconds wait) {
      std::this_thread::sleep_for(std::min(wait, milliseconds(20)));
    };
    return options;
  }

  Registry registry;
  ThreadTransport transport;
  Core core;
};

TEST(ConcurrentCore, TwoReplicasServeAndWriteTheSameUnderChurn) {
  QuietLog();
  FakeCluster cluster({}, RealClock());
  World world(cluster, 1);
  world.Create();
  Replica first(cluster, 1), second(cluster, 2);
  first.core.Start();
  second.core.Start();

  std::atomic<bool> done{false};
  std::atomic<std::size_t> read{0};
  std::vector<std::jthread> readers;
  for (Replica* replica : {&first, &second}) {
    readers.emplace_back([&done, &read, replica] {
      while (!done) {
        if (const auto document = replica->core.document()) read += TextOf(*document).size();
        read += replica->core.Selecting("shop", {{"app", "web"}}).size();
        std::string page;
        replica->registry.Render(page);
        read += replica->core.IsLeader() ? 1 : 0;
        std::this_thread::sleep_for(milliseconds(1));
      }
    });
  }
  for (int i = 0; i < 400; ++i) {
    world.Change();
    if (i % 100 == 50) cluster.Compact();
    std::this_thread::sleep_for(milliseconds(4));
  }
  first.transport.SetFaults(false);
  second.transport.SetFaults(false);

  const End wanted = WithoutFaults(cluster, 1);
  std::string why;
  for (int i = 0; i < 3000; ++i) {
    why = Difference(ReadOutputs(cluster), wanted.outputs);
    for (Replica* replica : {&first, &second}) {
      const auto document = replica->core.document();
      if (!document || TextOf(*document) != wanted.list) why = "a list differs";
    }
    if (why.empty()) break;
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_EQ(why, "");
  done = true;
  readers.clear();
  first.core.Stop();
  second.core.Stop();
  EXPECT_GT(read, 0u);
}

}  // namespace
}  // namespace telltale::faults
