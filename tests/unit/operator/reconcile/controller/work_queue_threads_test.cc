// SPDX-License-Identifier: Apache-2.0
//
// The work queue under threads; also run under the thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "operator/reconcile/controller/work_queue.h"

namespace telltale {
namespace {

constexpr int kKeys = 6;
constexpr int kAdders = 4;
constexpr int kWorkers = 4;
constexpr int kAdds = 5'000;

// Adders raise a number per key and add the key; workers note the number they see. When nothing is
// lost, every key's last number is seen, however few of its adds were.
TEST(WorkQueueThreadsTest, NoKeyIsProcessedTwiceAtOnceAndNoChangeIsLost) {
  Registry registry;
  WorkQueue queue("q", registry, RealClock());
  std::array<std::atomic<int>, kKeys> wanted{}, seen{}, inside{};
  std::atomic<int> overlaps{0};
  const auto work = [&] {
    int turn = 0;
    while (const auto key = queue.Get()) {
      const auto k = static_cast<std::size_t>(std::stoi(*key));
      if (inside[k].fetch_add(1) != 0) ++overlaps;
      seen[k] = wanted[k].load();
      std::this_thread::yield();  // so that others come in between
      switch (++turn % 50) {
        case 0:
          queue.AddRateLimited(*key);
          break;
        case 1:
          queue.AddAfter(*key, std::chrono::milliseconds(1));
          break;
        default:
          queue.Forget(*key);
      }
      inside[k].fetch_sub(1);
      queue.Done(*key);
    }
  };
  const auto add = [&](int seed) {
    for (int i = 0; i < kAdds; ++i) {
      const auto k = static_cast<std::size_t>((i * 7 + seed) % kKeys);
      ++wanted[k];
      if (i % 8 == 0) std::this_thread::yield();
      queue.Add(std::to_string(k),
                i % 3 == 0 ? WorkQueue::Priority::kLow : WorkQueue::Priority::kLive);
    }
  };
  std::vector<std::thread> workers, adders;
  for (int i = 0; i < kWorkers; ++i) workers.emplace_back(work);
  for (int i = 0; i < kAdders; ++i) adders.emplace_back(add, i);
  for (auto& thread : adders) thread.join();
  const auto all_seen = [&] {
    for (std::size_t k = 0; k < kKeys; ++k) {
      if (seen[k] != wanted[k]) return false;
    }
    return true;
  };
  std::string page;
  // Retries share ten per second, so the last may take a while.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  while (!all_seen() && std::chrono::steady_clock::now() < give_up) {
    page.clear();
    registry.Render(page);
    std::this_thread::yield();
  }
  EXPECT_TRUE(all_seen());
  EXPECT_EQ(overlaps, 0);
  queue.ShutDown();
  for (auto& thread : workers) thread.join();
}

TEST(WorkQueueThreadsTest, AKeyThatBecomesDueEarlierWakesWhoSleepsLonger) {
  Registry registry;
  WorkQueue queue("q", registry, RealClock());
  queue.AddAfter("late", std::chrono::hours(1));
  std::optional<std::string> got;
  std::thread worker([&] { got = queue.Get(); });
  queue.AddAfter("soon", std::chrono::milliseconds(20));
  worker.join();
  EXPECT_EQ(got, "soon");
}

TEST(WorkQueueThreadsTest, ShutDownWakesEveryoneWhoWaits) {
  Registry registry;
  WorkQueue queue("q", registry, RealClock());
  queue.AddAfter("late", std::chrono::hours(1));
  std::vector<std::thread> workers;
  std::latch ready(4);
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      ready.count_down();
      EXPECT_EQ(queue.Get(), std::nullopt);
    });
  }
  ready.wait();
  queue.ShutDown();
  for (auto& worker : workers) worker.join();
}

}  // namespace
}  // namespace telltale
