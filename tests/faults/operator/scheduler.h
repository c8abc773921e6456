// SPDX-License-Identifier: Apache-2.0
//
// Scheduler: runs code that blocks (a reflector in a stream, a sleep) on threads of its own, one at
// a time, in simulated time. A task holds the baton until it parks; when all are parked, time jumps
// to the earliest one's hour. Which of several ready tasks is next comes from the seed, so a run is
// a function of its seed. Tasks belong to groups (a process each), which can be frozen and killed.
//
// Threads: Spawn, At, RunFor, Freeze, Thaw, Kill are called by the thread that made the scheduler,
// or from code that it runs; Park only by a task. Only one of all these threads runs at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/faults/seeded.h"

namespace telltale::faults {

class Scheduler {
 public:
  using Millis = std::chrono::milliseconds;
  static constexpr int kWorld = -1;  // the group of what is no process: never frozen

  Scheduler(FakeClock& clock, std::uint64_t seed);
  ~Scheduler();  // every task must have ended: Kill their groups first

  class Task {
   public:
    const std::string name;
    const int group;
    const int number;  // in the order of their making

   private:
    friend class Scheduler;
    Task(std::string n, int g, int i) : name(std::move(n)), group(g), number(i) {}
    SteadyTime wake_at = SteadyTime::min();
    bool done = false;
    std::binary_semaphore go{0};
    std::thread thread;
  };

  Task* Spawn(std::string name, int group, std::function<void()> body);
  // Runs once between two turns of tasks; may wake, freeze, kill and spawn.
  void At(SteadyTime when, std::function<void()> action, int group = kWorld);
  void After(Millis delay, std::function<void()> action) { At(Now() + delay, std::move(action)); }

  // The task that is running; null on the scheduler's own thread.
  Task* Current() const { return current_; }
  // Gives up the baton until `when` or Wake. A task of a dead group returns at once.
  void Park(SteadyTime when);
  void ParkFor(std::chrono::nanoseconds duration) { Park(Now() + duration); }
  // The task is ready `delay` from now at the latest; nothing happens to one that is done.
  void Wake(Task& task, std::chrono::nanoseconds delay = {});
  void WakeAll();

  void Freeze(int group, bool frozen);
  // The group's tasks get no more of the world's time: each runs, with Dead() true, until it ends.
  void Kill(int group);
  bool Dead(int group) const;

  void RunFor(std::chrono::nanoseconds duration);
  // Runs on until `done`, which is asked once a second, says so; false when it did not in time.
  bool RunUntil(const std::function<bool()>& done, std::chrono::nanoseconds longest);

  SteadyTime Now() const { return clock_.Steady(); }
  std::uint64_t turns() const { return turns_; }

 private:
  struct Action {
    SteadyTime when;
    int group;
    std::function<void()> run;
  };
  bool Frozen(int group) const;
  // One turn at or before `limit`; false when there is none.
  bool Turn(SteadyTime limit);
  void Give(Task& task);

  FakeClock& clock_;
  Seeded random_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<Action> actions_;
  std::vector<int> frozen_, dead_;
  Task* current_ = nullptr;
  std::binary_semaphore back_{0};
  std::uint64_t turns_ = 0;
};

}  // namespace telltale::faults
