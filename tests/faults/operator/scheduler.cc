// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace telltale::faults {

namespace {

bool Contains(const std::vector<int>& groups, int group) {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

}  // namespace

Scheduler::Scheduler(FakeClock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

Scheduler::~Scheduler() {
  for (auto& task : tasks_) {
    if (!task->done) {
      std::fprintf(stderr, "task %s outlives its scheduler\n", task->name.c_str());
      std::abort();
    }
    task->thread.join();
  }
}

Scheduler::Task* Scheduler::Spawn(std::string name, int group, std::function<void()> body) {
  const int number = static_cast<int>(tasks_.size());
  tasks_.push_back(std::unique_ptr<Task>(new Task(std::move(name), group, number)));
  Task* task = tasks_.back().get();
  task->wake_at = Now();
  task->thread = std::thread([this, task, body = std::move(body)] {
    task->go.acquire();
    body();
    task->done = true;
    back_.release();
  });
  return task;
}

void Scheduler::At(SteadyTime when, std::function<void()> action, int group) {
  actions_.push_back({when, group, std::move(action)});
}

void Scheduler::Park(SteadyTime when) {
  Task* self = current_;
  if (self == nullptr) std::abort();  // the scheduler's own thread has nobody to wait for
  if (Dead(self->group)) return;
  self->wake_at = when;
  back_.release();
  self->go.acquire();
}

void Scheduler::Wake(Task& task, std::chrono::nanoseconds delay) {
  task.wake_at = std::min(task.wake_at, Now() + delay);
}

void Scheduler::WakeAll() {
  for (auto& task : tasks_) Wake(*task);
}

void Scheduler::Freeze(int group, bool frozen) {
  std::erase(frozen_, group);
  if (frozen) frozen_.push_back(group);
}

bool Scheduler::Frozen(int group) const { return Contains(frozen_, group); }
bool Scheduler::Dead(int group) const { return Contains(dead_, group); }

void Scheduler::Kill(int group) {
  if (!Dead(group)) dead_.push_back(group);
  std::erase(frozen_, group);
  std::erase_if(actions_, [&](const Action& action) { return action.group == group; });
  // A task that kills has the baton; the others end when it gave it back.
  if (current_ != nullptr) return At(Now(), [this, group] { Kill(group); });
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    Task& task = *tasks_[i];
    while (task.group == group && !task.done) Give(task);
  }
}

void Scheduler::Give(Task& task) {
  current_ = &task;
  task.wake_at = SteadyTime::max();
  task.go.release();
  back_.acquire();
  current_ = nullptr;
}

bool Scheduler::Turn(SteadyTime limit) {
  // Overdue counts as now, so that whoever wakes from a freeze competes like the others.
  SteadyTime first = SteadyTime::max();
  const auto due = [&](SteadyTime when) { return std::max(when, Now()); };
  for (const auto& task : tasks_) {
    if (!task->done && !Frozen(task->group)) first = std::min(first, due(task->wake_at));
  }
  for (const auto& action : actions_) {
    if (!Frozen(action.group)) first = std::min(first, due(action.when));
  }
  if (first > limit) return false;
  if (first > Now()) clock_.Advance(first - Now());
  ++turns_;
  for (std::size_t i = 0; i < actions_.size(); ++i) {
    if (actions_[i].when > first || Frozen(actions_[i].group)) continue;
    auto run = std::move(actions_[i].run);
    actions_.erase(actions_.begin() + static_cast<std::ptrdiff_t>(i));
    run();
    return true;
  }
  std::vector<Task*> ready;
  for (const auto& task : tasks_) {
    if (!task->done && !Frozen(task->group) && task->wake_at <= first) ready.push_back(task.get());
  }
  Give(*ready[random_.Below(ready.size())]);
  return true;
}

void Scheduler::RunFor(std::chrono::nanoseconds duration) {
  const SteadyTime limit = Now() + duration;
  while (Turn(limit)) {
  }
  if (limit > Now()) clock_.Advance(limit - Now());
}

bool Scheduler::RunUntil(const std::function<bool()>& done, std::chrono::nanoseconds longest) {
  const SteadyTime limit = Now() + longest;
  while (!done()) {
    if (Now() >= limit) return false;
    RunFor(std::chrono::seconds(1));
  }
  return true;
}

}  // namespace telltale::faults
