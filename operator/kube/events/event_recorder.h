// SPDX-License-Identifier: Apache-2.0
//
// EventRecorder: tells people who run `kubectl describe` or `kubectl get events` what changed. The
// controllers call Record when a condition turns; it never waits for the API. Repetitions become a
// series (events.k8s.io/v1; client-go tools/events; reference k8s §1.9): the first is a POST, the
// second a PATCH, later ones are counted and written every half hour, so that a resource that flaps
// costs two requests and not two thousand. What the note says does not make another event.
// An event is a courtesy: it may be lost (queue full, not the leader any more, API down for two
// minutes), and then is counted.
//
// Threads: Record and Stop are for any thread; ProcessOne and Run belong to one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/api.h"
#include "operator/kube/events/event.h"

namespace telltale {

struct EventOptions {
  std::string controller = "telltale.dev/operator";  // who reports: a qualified name
  std::string instance;                              // which replica: its identity
  std::size_t queue_limit = 1'000;
  std::size_t series_limit = 4'096;  // remembered; the one that was quiet longest is forgotten
};

class EventRecorder {
 public:
  // `random` gives any 64-bit value; empty: from the system.
  EventRecorder(EventOptions options, Api& api, Registry& registry, Clock& clock = RealClock(),
                std::function<std::uint64_t()> random = {});

  // Queues; drops and counts when the queue is full.
  void Record(const ObjectReference& regarding, EventType type, std::string_view reason,
              std::string_view action, std::string_view note);

  // Takes one from the queue, or sends what is due. False when there is nothing to do.
  bool ProcessOne();
  // When ProcessOne has something to do though nobody recorded anything; nothing: never. Of the
  // sending thread.
  std::optional<SteadyTime> NextDue() const;

  void Run();  // until Stop; what is queued by then gets two more seconds
  void Stop();

 private:
  struct Series {
    Event event;
    SteadyTime last_seen;
    SteadyTime next_flush;
    std::int64_t written_count = 0;  // what the server has; 0: not made yet
    int tries = 0;                   // of the write that did not succeed yet
    std::optional<SteadyTime> retry_at = {};
  };
  using SeriesMap = std::map<std::string, Series>;  // by EventKey

  bool TakeQueued();
  bool TakeDue();
  static SteadyTime Due(const Series& series);
  void Send(SeriesMap::iterator at);  // a failure may erase `at`
  Status Write(const Series& series);
  void Failed(SeriesMap::iterator at, const Error& error);
  void MakeRoom();

  const EventOptions options_;
  Api& api_;
  Clock& clock_;
  std::function<std::uint64_t()> random_;
  Counter& created_;
  Counter& updated_;
  Counter& failed_;
  Counter& dropped_;

  // Of the sending thread.
  SeriesMap series_;
  SteadyTime log_again_{};

  Mutex mutex_;
  CondVar wake_;
  std::deque<Event> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
