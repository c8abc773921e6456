// SPDX-License-Identifier: Apache-2.0
//
// Two cores on threads of their own over one cluster, with readers, changes and broken streams all
// at once: for the race detector, and equal to a core without faults in the end.
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/faults/operator/core_process.h"
#include "tests/faults/operator/outputs.h"
#include "tests/faults/operator/thread_transport.h"
#include "tests/faults/operator/undisturbed.h"
#include "tests/faults/operator/world.h"
#include "tests/faults/seeds.h"

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
    options.sidecars.loki_url = "http://loki:3100";
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

// Lets the last status be written only while the controllers are ending already.
class LateStatus final : public HttpTransport {
 public:
  explicit LateStatus(HttpTransport& transport) : transport_(transport) {}

  Result<ApiResponse> Call(const ApiRequest& request) override {
    if (request.target.find("/status") != std::string::npos) {
      if (!held_.exchange(true)) reached_.count_down();
      go_on_.wait();
    }
    return transport_.Call(request);
  }
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override {
    return transport_.Stream(request, sink);
  }
  void Cancel() override { transport_.Cancel(); }

  void AwaitWrite() { reached_.wait(); }
  void GoOn() { go_on_.count_down(); }

 private:
  HttpTransport& transport_;
  std::atomic<bool> held_{false};
  std::latch reached_{1}, go_on_{1};
};

// A closed queue takes no keys.
bool IsOpen(WorkQueue& queue, milliseconds delay) {
  const auto before = queue.NextDelayed();
  queue.AddAfter("probe", delay);
  return queue.NextDelayed() != before;
}

TEST(ConcurrentCore, WhatTheControllersTellWhileTheyEndIsWritten) {
  QuietLog();
  FakeCluster cluster({}, RealClock());
  World world(cluster, 1);
  world.Create();
  ThreadTransport transport(cluster, 1);
  transport.SetFaults(false);
  LateStatus writes(transport);
  Registry registry;
  CoreOptions options = Replica::Options(1);
  // Enough for a slow machine: the test is over long before.
  options.leader->lease = milliseconds(60'000);
  options.leader->renew_deadline = milliseconds(40'000);
  Core core(options, CoreTransports{transport, writes, transport}, registry);
  core.Start();
  writes.AwaitWrite();
  std::jthread stopping([&core] { core.Stop(); });
  WorkQueue& queue = core.controllers().front()->queue();
  for (milliseconds delay = std::chrono::hours(24); IsOpen(queue, delay);
       delay -= milliseconds(100)) {
    std::this_thread::sleep_for(milliseconds(1));
  }
  writes.GoOn();
  stopping.join();
  ApiRequest list;
  list.target = "/apis/events.k8s.io/v1/events";
  ThreadTransport reader(cluster, 2);
  reader.SetFaults(false);
  const auto events = reader.Call(list);
  ASSERT_TRUE(events.ok());
  EXPECT_NE(events->body.find("\"regarding\""), std::string::npos) << events->body;
  std::string page;
  registry.Render(page);
  EXPECT_NE(page.find("telltale_events_total{result=\"dropped\"} 0\n"), std::string::npos);
}

}  // namespace
}  // namespace telltale::faults
