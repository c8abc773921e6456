// SPDX-License-Identifier: Apache-2.0
//
// An event of events.k8s.io/v1: its limits, its identity and its JSON. Pure; used by EventRecorder,
// and by the controllers for what an event is about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telltale {

enum class EventType { kNormal, kWarning };

struct ObjectReference {
  std::string api_version, kind, ns, name, uid;
};

inline constexpr std::size_t kMaxEventNote = 1'024;
inline constexpr std::size_t kMaxEventWord = 128;  // reason, action, reportingInstance

struct Event {
  ObjectReference regarding;
  EventType type = EventType::kNormal;
  std::string reason, action, note;
  std::string controller, instance;  // who reports
  std::string name;                  // metadata.name
  std::int64_t first_nanos = 0;      // wall time
  std::int64_t last_nanos = 0;
  std::int64_t count = 1;  // above 1 the event is a series
};

// What makes two events the same: everything but the times and the note.
std::string EventKey(const Event& event);

// "<object>.<16 hex digits>" from the key and the time: a POST that was sent twice is one event.
std::string EventName(const Event& event);

// metadata.namespace: the object's own, "default" for what has none.
std::string_view EventNamespace(const Event& event);

std::string EventJson(const Event& event);
// The merge patch that says how often, and when last.
std::string SeriesPatchJson(const Event& event);

}  // namespace telltale
