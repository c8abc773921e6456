// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/controller/work_queue.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "common/base/check.h"
#include "common/base/mutex.h"
#include "operator/reconcile/controller/token_bucket.h"
#include "operator/reconcile/controller/work_queue_metrics.h"

namespace telltale {

using Millis = std::chrono::milliseconds;
using Priority = WorkQueue::Priority;

struct WorkQueue::Impl {
  // A key is forgotten when it neither waits, runs, is delayed nor has failed.
  struct Item {
    bool dirty = false;       // must be processed (again)
    bool processing = false;  // taken, and not Done
    Priority priority = Priority::kLive;
    Priority taken_with = Priority::kLive;
    std::uint64_t order = 0;  // among those that are dirty
    SteadyTime dirty_since{}, taken_at{};
    std::optional<SteadyTime> delayed;
    int failures = 0;
    SteadyTime hold_until{};  // of a key that failed
  };
  using Items = std::unordered_map<std::string, Item>;
  using Entry = Items::value_type;
  // Pointers to entries of an unordered_map stay valid.
  using Ready = std::tuple<Priority, std::uint64_t, Entry*>;
  using Delayed = std::tuple<SteadyTime, std::uint64_t, Entry*>;

  Impl(const std::string& name, Registry& registry, Clock& c, WorkQueueLimits l)
      : clock(c), limits(l), metrics(name, registry), bucket(l.retries_per_second, l.burst, c) {}

  void AddLocked(Entry& entry, Priority priority) REQUIRES(mutex);
  void DelayLocked(Entry& entry, SteadyTime until, Priority priority) REQUIRES(mutex);
  void EndDelay(Entry& entry) REQUIRES(mutex);
  void SetDirty(Entry& entry, Priority priority) REQUIRES(mutex);
  void Raise(Entry& entry, Priority priority) REQUIRES(mutex);
  void PromoteDue() REQUIRES(mutex);
  std::optional<std::string> TakeLocked() REQUIRES(mutex);
  void DropIfIdle(Entry& entry) REQUIRES(mutex);
  Millis ItemDelay(int failures) const;
  void ShowRunning();

  Clock& clock;
  const WorkQueueLimits limits;
  WorkQueueMetrics metrics;

  Mutex mutex;
  CondVar wake;
  Items items GUARDED_BY(mutex);
  std::set<Ready> ready GUARDED_BY(mutex);  // dirty and not processing
  std::set<Delayed> delayed GUARDED_BY(mutex);
  std::set<Entry*> running GUARDED_BY(mutex);
  std::uint64_t next_order GUARDED_BY(mutex) = 0;
  bool open GUARDED_BY(mutex) = true;
  TokenBucket bucket GUARDED_BY(mutex);
};

void WorkQueue::Impl::Raise(Entry& entry, Priority priority) {
  Item& item = entry.second;
  if (priority >= item.priority) return;  // kLive is less than kLow
  const bool waits = item.dirty && !item.processing;
  if (waits) ready.erase({item.priority, item.order, &entry});
  if (item.dirty) metrics.Moved(item.priority, priority);
  item.priority = priority;
  if (waits) ready.insert({item.priority, item.order, &entry});
}

void WorkQueue::Impl::EndDelay(Entry& entry) {
  Item& item = entry.second;
  if (!item.delayed) return;
  delayed.erase({*item.delayed, item.order, &entry});
  item.delayed.reset();
}

void WorkQueue::Impl::SetDirty(Entry& entry, Priority priority) {
  Item& item = entry.second;
  if (item.dirty) return Raise(entry, priority);
  EndDelay(entry);
  item.dirty = true;
  item.priority = priority;
  item.order = ++next_order;
  item.dirty_since = clock.Steady();
  metrics.Added(priority);
  if (item.processing) return;  // Done will queue it
  ready.insert({priority, item.order, &entry});
  wake.NotifyOne();
}

void WorkQueue::Impl::DelayLocked(Entry& entry, SteadyTime until, Priority priority) {
  Item& item = entry.second;
  if (item.dirty) return Raise(entry, priority);  // it is sooner
  if (item.delayed) {
    item.priority = std::min(item.priority, priority);
    if (*item.delayed <= until) return;
    EndDelay(entry);
  } else {
    item.priority = priority;
  }
  item.order = ++next_order;  // of two at one time, the one delayed first
  item.delayed = until;
  delayed.insert({until, item.order, &entry});
  // Who sleeps until a later one must sleep less.
  if (std::get<2>(*delayed.begin()) == &entry) wake.NotifyOne();
}

void WorkQueue::Impl::AddLocked(Entry& entry, Priority priority) {
  const Item& item = entry.second;
  if (item.failures > 0 && !item.dirty && item.hold_until > clock.Steady()) {
    return DelayLocked(entry, item.hold_until, priority);
  }
  const bool sooner = item.delayed && item.priority < priority;
  SetDirty(entry, sooner ? item.priority : priority);
}

void WorkQueue::Impl::PromoteDue() {
  const SteadyTime now = clock.Steady();
  while (!delayed.empty() && std::get<0>(*delayed.begin()) <= now) {
    Entry& entry = *std::get<2>(*delayed.begin());
    SetDirty(entry, entry.second.priority);
  }
}

std::optional<std::string> WorkQueue::Impl::TakeLocked() {
  if (!open) return std::nullopt;
  PromoteDue();
  if (ready.empty()) return std::nullopt;
  Entry& entry = *std::get<2>(*ready.begin());
  ready.erase(ready.begin());
  Item& item = entry.second;
  item.dirty = false;
  item.processing = true;
  item.taken_with = item.priority;
  item.taken_at = clock.Steady();
  running.insert(&entry);
  metrics.Taken(item.priority, item.taken_at - item.dirty_since);
  return entry.first;
}

void WorkQueue::Impl::DropIfIdle(Entry& entry) {
  const Item& item = entry.second;
  if (item.dirty || item.processing || item.delayed || item.failures > 0) return;
  items.erase(items.find(entry.first));
}

Millis WorkQueue::Impl::ItemDelay(int failures) const {
  constexpr int kNoOverflow = 30;
  const auto doubled = limits.backoff * (std::int64_t{1} << std::min(failures, kNoOverflow));
  return std::min<Millis>(doubled, limits.backoff_cap);
}

void WorkQueue::Impl::ShowRunning() {
  MutexLock lock(mutex);
  const SteadyTime now = clock.Steady();
  double sum = 0, longest = 0;
  for (const Entry* entry : running) {
    const double age = std::chrono::duration<double>(now - entry->second.taken_at).count();
    sum += age;
    longest = std::max(longest, age);
  }
  metrics.Running(sum, longest);
}

WorkQueue::WorkQueue(const std::string& name, Registry& registry, Clock& clock,
                     WorkQueueLimits limits)
    : impl_(std::make_shared<Impl>(name, registry, clock, limits)) {
  registry.OnRender([weak = std::weak_ptr(impl_)] {
    if (const auto impl = weak.lock()) impl->ShowRunning();
  });
}

WorkQueue::~WorkQueue() { ShutDown(); }

void WorkQueue::Add(const std::string& key, Priority priority) {
  MutexLock lock(impl_->mutex);
  if (impl_->open) impl_->AddLocked(*impl_->items.try_emplace(key).first, priority);
}

void WorkQueue::AddAfter(const std::string& key, Millis delay, Priority priority) {
  MutexLock lock(impl_->mutex);
  if (!impl_->open) return;
  Impl::Entry& entry = *impl_->items.try_emplace(key).first;
  if (delay <= Millis(0)) return impl_->AddLocked(entry, priority);
  SteadyTime until = impl_->clock.Steady() + delay;
  if (entry.second.failures > 0) until = std::max(until, entry.second.hold_until);
  impl_->DelayLocked(entry, until, priority);
}

void WorkQueue::AddRateLimited(const std::string& key) {
  MutexLock lock(impl_->mutex);
  if (!impl_->open) return;
  impl_->metrics.Retried();
  Impl::Entry& entry = *impl_->items.try_emplace(key).first;
  Impl::Item& item = entry.second;
  const Millis own = impl_->ItemDelay(item.failures++);
  const SteadyTime now = impl_->clock.Steady();
  item.hold_until = now + own;
  // What was added meanwhile waits as well.
  if (item.dirty) {
    if (!item.processing) impl_->ready.erase({item.priority, item.order, &entry});
    item.dirty = false;
    impl_->metrics.Withdrawn(item.priority);
    item.taken_with = std::min(item.taken_with, item.priority);
  }
  impl_->DelayLocked(entry, now + std::max(own, impl_->bucket.Take()), item.taken_with);
}

void WorkQueue::Forget(const std::string& key) {
  MutexLock lock(impl_->mutex);
  const auto found = impl_->items.find(key);
  if (found == impl_->items.end()) return;
  found->second.failures = 0;
  impl_->DropIfIdle(*found);
}

std::optional<std::string> WorkQueue::TryGet() {
  MutexLock lock(impl_->mutex);
  return impl_->TakeLocked();
}

std::optional<std::string> WorkQueue::Get() {
  MutexLock lock(impl_->mutex);
  for (;;) {
    if (!impl_->open) return std::nullopt;
    if (auto key = impl_->TakeLocked()) {
      // Several may have become due at once and woken one sleeper.
      if (!impl_->ready.empty() || !impl_->delayed.empty()) impl_->wake.NotifyOne();
      return key;
    }
    if (impl_->delayed.empty()) {
      impl_->wake.Wait(impl_->mutex);
    } else {
      impl_->wake.WaitFor(impl_->mutex,
                          std::get<0>(*impl_->delayed.begin()) - impl_->clock.Steady());
    }
  }
}

void WorkQueue::Done(const std::string& key) {
  MutexLock lock(impl_->mutex);
  const auto found = impl_->items.find(key);
  if (found == impl_->items.end()) return;  // it was opened anew meanwhile
  Impl::Item& item = found->second;
  TELLTALE_CHECK(item.processing);
  item.processing = false;
  impl_->running.erase(&*found);
  impl_->metrics.Finished(impl_->clock.Steady() - item.taken_at);
  if (item.dirty) {
    impl_->ready.insert({item.priority, item.order, &*found});
    impl_->wake.NotifyOne();
  }
  impl_->DropIfIdle(*found);
}

std::optional<SteadyTime> WorkQueue::NextDelayed() const {
  MutexLock lock(impl_->mutex);
  if (impl_->delayed.empty()) return std::nullopt;
  return std::get<0>(*impl_->delayed.begin());
}

std::size_t WorkQueue::size() const {
  MutexLock lock(impl_->mutex);
  impl_->PromoteDue();
  return impl_->ready.size();
}

void WorkQueue::ShutDown() {
  MutexLock lock(impl_->mutex);
  impl_->open = false;
  impl_->wake.NotifyAll();
}

void WorkQueue::Open() {
  MutexLock lock(impl_->mutex);
  TELLTALE_CHECK(impl_->running.empty());
  impl_->items.clear();
  impl_->ready.clear();
  impl_->delayed.clear();
  impl_->metrics.Emptied();
  impl_->open = true;
}

}  // namespace telltale
