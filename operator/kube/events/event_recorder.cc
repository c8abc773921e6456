// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/events/event_recorder.h"

#include <algorithm>
#include <random>
#include <utility>

#include "common/base/cut_text.h"
#include "common/base/log.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kTries = 12;
constexpr milliseconds kRetry{10'000};  // +-25 %
constexpr minutes kRefresh{30};         // how late the server may know a series' count
constexpr minutes kQuiet{6};            // after which the same event is a new one
constexpr seconds kDrain{2};
constexpr minutes kLogEvery{1};
constexpr milliseconds kLongestWait = minutes(60);

bool MayPass(Code code) {
  return code == Code::kUnavailable || code == Code::kTimeout || code == Code::kConflict ||
         code == Code::kInternal;
}

Counter& EventsCounter(Registry& registry, const char* result) {
  return registry.AddCounter("telltale_events_total", "Kubernetes events by what became of them.",
                             {{"result", result}});
}

}  // namespace

EventRecorder::EventRecorder(EventOptions options, Api& api, Registry& registry, Clock& clock,
                             std::function<std::uint64_t()> random)
    : options_(std::move(options)),
      api_(api),
      clock_(clock),
      random_(std::move(random)),
      created_(EventsCounter(registry, "created")),
      updated_(EventsCounter(registry, "updated")),
      failed_(EventsCounter(registry, "failed")),
      dropped_(EventsCounter(registry, "dropped")) {
  if (!random_) random_ = [] { return std::uint64_t{std::random_device{}()}; };
}

void EventRecorder::Record(const ObjectReference& regarding, EventType type,
                           std::string_view reason, std::string_view action,
                           std::string_view note) {
  Event event;
  event.regarding = regarding;
  event.type = type;
  event.reason = CutText(reason, kMaxEventWord);
  event.action = CutText(action, kMaxEventWord);
  event.note = CutText(note, kMaxEventNote);
  event.controller = options_.controller;
  event.instance = CutText(options_.instance, kMaxEventWord);
  event.first_nanos = event.last_nanos = clock_.WallNanos();
  MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= options_.queue_limit) {
    dropped_.Add();
    return;
  }
  queue_.push_back(std::move(event));
  wake_.NotifyOne();
}

bool EventRecorder::ProcessOne() { return TakeQueued() || TakeDue(); }

bool EventRecorder::TakeQueued() {
  Event event;
  {
    MutexLock lock(mutex_);
    if (queue_.empty()) return false;
    event = std::move(queue_.front());
    queue_.pop_front();
  }
  const std::string key = EventKey(event);
  const SteadyTime now = clock_.Steady();
  if (auto found = series_.find(key); found != series_.end()) {
    Series& series = found->second;
    ++series.event.count;
    series.event.last_nanos = event.last_nanos;
    series.last_seen = now;
    // The third and later ones, and those of an event that waits for its next try, are only
    // counted.
    if (series.event.count == 2 && !series.retry_at) Send(found);
    return true;
  }
  MakeRoom();
  event.name = EventName(event);
  Send(series_.emplace(key, Series{std::move(event), now, now + kRefresh}).first);
  return true;
}

bool EventRecorder::TakeDue() {
  const SteadyTime now = clock_.Steady();
  for (auto at = series_.begin(); at != series_.end();) {
    const auto here = at++;
    Series& series = here->second;
    if (Due(series) > now) continue;
    // A series that is over is written first, and forgotten at the next look.
    if (series.written_count < series.event.count) {
      Send(here);
      return true;
    }
    series_.erase(here);
  }
  return false;
}

SteadyTime EventRecorder::Due(const Series& series) {
  if (series.retry_at) return *series.retry_at;
  const SteadyTime over = series.last_seen + kQuiet;
  return series.written_count < series.event.count ? std::min(over, series.next_flush) : over;
}

std::optional<SteadyTime> EventRecorder::NextDue() const {
  std::optional<SteadyTime> next;
  for (const auto& [key, series] : series_) {
    const SteadyTime due = Due(series);
    if (!next || due < *next) next = due;
  }
  return next;
}

void EventRecorder::Send(SeriesMap::iterator at) {
  Series& series = at->second;
  const bool first = series.written_count == 0;
  ++series.tries;
  const Status written = Write(series);
  if (!written.ok()) {
    Failed(at, written.error());
    return;
  }
  (first ? created_ : updated_).Add();
  series.written_count = series.event.count;
  series.next_flush = clock_.Steady() + kRefresh;
  series.tries = 0;
  series.retry_at.reset();
}

Status EventRecorder::Write(const Series& series) {
  const Event& event = series.event;
  const std::string collection = EventCollection(std::string(EventNamespace(event)));
  if (series.written_count > 0) {
    auto patched = api_.Patch(collection + "/" + event.name, SeriesPatchJson(event));
    if (patched.ok()) return {};
    // The server forgets events after an hour: then it is made anew, with its count.
    if (patched.error().code != Code::kNotFound) return patched.error();
  }
  auto created = api_.Create(collection, EventJson(event));
  // The name is ours alone: a request that was sent twice found its first self.
  if (created.ok() || created.error().code == Code::kConflict) return {};
  return created.error();
}

void EventRecorder::Failed(SeriesMap::iterator at, const Error& error) {
  Series& series = at->second;
  const SteadyTime now = clock_.Steady();
  if (MayPass(error.code) && series.tries < kTries) {
    const auto jitter = static_cast<std::int64_t>(random_() % 5'001) - 2'500;
    series.retry_at = now + kRetry + milliseconds(jitter * kRetry.count() / 10'000);
    return;
  }
  failed_.Add();
  if (error.code != Code::kCancelled && now >= log_again_) {
    log_again_ = now + kLogEvery;
    LogWarn("an event could not be written and is given up",
            {{"reason", series.event.reason}, {"error", error.message}});
  }
  if (series.written_count == 0) {
    series_.erase(at);  // the next one like it is a first one again
    return;
  }
  series.tries = 0;
  series.retry_at.reset();
  series.written_count = series.event.count;
}

void EventRecorder::MakeRoom() {
  if (series_.size() < options_.series_limit) return;
  series_.erase(std::min_element(series_.begin(), series_.end(), [](const auto& a, const auto& b) {
    return a.second.last_seen < b.second.last_seen;
  }));
}

void EventRecorder::Run() {
  for (MutexLock lock(mutex_); !stopping_;) {
    lock.Unlock();
    const bool busy = ProcessOne();
    const SteadyTime now = clock_.Steady();
    const auto left = std::chrono::ceil<milliseconds>(NextDue().value_or(now + kLongestWait) - now);
    lock.Lock();
    if (busy) continue;
    wake_.WaitFor(mutex_, std::clamp(left, milliseconds(0), kLongestWait),
                  [this]() REQUIRES(mutex_) { return stopping_ || !queue_.empty(); });
  }
  const SteadyTime end = clock_.Steady() + kDrain;
  while (clock_.Steady() < end && TakeQueued()) {
  }
  MutexLock lock(mutex_);
  dropped_.Add(queue_.size());
  queue_.clear();
}

void EventRecorder::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  wake_.NotifyAll();
}

}  // namespace telltale
