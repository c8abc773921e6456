// SPDX-License-Identifier: Apache-2.0
//
// The alerts that one Alertmanager should know, and what it knows of them. Alerts with the same
// labels are one: the first line starts it, later ones only move its end, and a moved end is sent
// again at most every kRefresh. An alert ends when no line came for its quiet time; the
// Alertmanager knows that time from the first push on, so the alert also ends if we die. Pure: the
// caller brings the time, in Unix nanoseconds. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/strings.h"

namespace telltale {

struct RaisedAlert {
  Labels labels;  // with alertname
  Labels annotations;
  std::int64_t quiet_ms = 300'000;
  std::int64_t time = 0;  // of the line; 0: now
};

// One alert as it is pushed.
struct OutgoingAlert {
  Labels labels;
  std::string json;
  std::int64_t end = 0;
};

class AlertBook {
 public:
  static constexpr std::size_t kMaxActive = 200;
  static constexpr std::chrono::seconds kRefresh{30};

  // False if kMaxActive others are active.
  bool Raise(const RaisedAlert& alert, std::int64_t now);
  // Drops refused alerts that have ended.
  void Expire(std::int64_t now);
  // What is to be sent now; at most `max`, those that were never sent first.
  std::vector<OutgoingAlert> Due(std::int64_t now, std::size_t max) const;
  // When Due has something next; the largest number if never.
  std::int64_t NextDue() const;

  // The Alertmanager has it.
  void Sent(const OutgoingAlert& alert, std::int64_t now);
  // The Alertmanager will never take it: it is not sent again until it has ended.
  void Refused(const OutgoingAlert& alert);

  std::size_t size() const { return active_.size(); }
  // Alerts that were never sent.
  std::size_t unsent() const;

 private:
  struct Active {
    Labels annotations;
    std::int64_t starts = 0, last = 0, quiet = 0;
    std::int64_t sent_end = 0;  // the end that the Alertmanager knows
    std::int64_t sent_at = 0;   // when it was sent; 0: never
    bool refused = false;
    std::int64_t end() const { return last + quiet; }
    bool IsDue(std::int64_t now) const;
  };

  std::map<Labels, Active> active_;
};

}  // namespace telltale
