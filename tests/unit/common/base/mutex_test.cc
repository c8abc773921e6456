// SPDX-License-Identifier: Apache-2.0
#include "common/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace telltale {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class Box {
 public:
  void Add() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++count_;
    changed_.NotifyAll();
  }
  void AddWithoutTheLockInBetween() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    ++count_;
    lock.Unlock();
    std::this_thread::yield();
    lock.Lock();
    ++count_;
    changed_.NotifyAll();
  }
  bool Reaches(int wanted, std::chrono::nanoseconds time) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return changed_.WaitFor(mutex_, time,
                            [this, wanted]() REQUIRES(mutex_) { return count_ >= wanted; });
  }
  bool ReachesUntil(int wanted, CondVar::Deadline deadline) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return changed_.WaitUntil(mutex_, deadline,
                              [this, wanted]() REQUIRES(mutex_) { return count_ >= wanted; });
  }
  void Await(int wanted) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (count_ < wanted) changed_.Wait(mutex_);
    changed_.Wait(mutex_, [this, wanted]() REQUIRES(mutex_) { return count_ >= wanted; });
  }
  int count() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return count_;
  }

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  int count_ GUARDED_BY(mutex_) = 0;
};

TEST(MutexTest, ConcurrentAdditionsAreAllCounted) {
  Box box;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1'000; ++n) box.Add();
      for (int n = 0; n < 500; ++n) box.AddWithoutTheLockInBetween();
    });
  }
  box.Await(4 * 2'000);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(box.count(), 4 * 2'000);
}

TEST(MutexTest, AWaitEndsWhenItsPredicateHoldsInAnotherThread) {
  Box box;
  std::thread other([&] { box.Add(); });
  EXPECT_TRUE(box.Reaches(1, hours(1)));
  EXPECT_TRUE(box.ReachesUntil(1, std::chrono::steady_clock::now() + hours(1)));
  other.join();
}

TEST(MutexTest, AWaitThatTimesOutSaysSoAndStillHoldsTheMutexAfterwards) {
  Box box;
  EXPECT_FALSE(box.Reaches(1, milliseconds(1)));
  EXPECT_FALSE(box.ReachesUntil(1, std::chrono::steady_clock::now()));
  box.Add();  // would block or be undefined if a wait had kept the mutex or unlocked it twice
  EXPECT_EQ(box.count(), 1);
}

}  // namespace
}  // namespace telltale
