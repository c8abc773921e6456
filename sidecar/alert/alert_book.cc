// SPDX-License-Identifier: Apache-2.0
#include "sidecar/alert/alert_book.h"

#include <algorithm>
#include <limits>

#include "common/base/rfc3339.h"
#include "common/text/json_writer.h"

namespace telltale {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kRefreshNanos = std::chrono::nanoseconds(AlertBook::kRefresh).count();

void WriteMap(JsonWriter& writer, std::string_view key, const Labels& values) {
  writer.Key(key).BeginObject();
  for (const auto& [name, value] : values) writer.Field(name, value);
  writer.EndObject();
}

}  // namespace

bool AlertBook::Raise(const RaisedAlert& alert, std::int64_t now) {
  auto found = active_.find(alert.labels);
  if (found == active_.end()) {
    if (active_.size() >= kMaxActive) return false;
    found = active_.emplace(alert.labels, Active{}).first;
    // A clock that is ahead must not start an alert in the future.
    found->second.starts = alert.time > 0 ? std::min(alert.time, now) : now;
  }
  // An alert that has ended, but whose end was not sent yet, goes on with the same start: for the
  // Alertmanager it never ended.
  Active& active = found->second;
  active.last = now;
  active.quiet = alert.quiet_ms * kMillisecond;
  active.annotations = alert.annotations;
  return true;
}

void AlertBook::Expire(std::int64_t now) {
  std::erase_if(active_, [&](const auto& entry) {
    return entry.second.refused && now >= entry.second.end();
  });
}

bool AlertBook::Active::IsDue(std::int64_t now) const {
  if (refused) return false;
  if (sent_at == 0 || now >= end()) return true;
  return end() > sent_end && now >= sent_at + kRefreshNanos;
}

std::vector<OutgoingAlert> AlertBook::Due(std::int64_t now, std::size_t max) const {
  std::vector<OutgoingAlert> due;
  for (const bool fresh : {true, false}) {
    for (const auto& [labels, active] : active_) {
      if (due.size() == max) return due;
      if ((active.sent_at == 0) != fresh || !active.IsDue(now)) continue;
      OutgoingAlert& out = due.emplace_back();
      out.labels = labels;
      out.end = active.end();
      JsonWriter writer(&out.json);
      writer.BeginObject();
      WriteMap(writer, "labels", labels);
      WriteMap(writer, "annotations", active.annotations);
      writer.Field("startsAt", FormatRfc3339(active.starts, 3));
      writer.Field("endsAt", FormatRfc3339(active.end(), 3));
      writer.EndObject();
    }
  }
  return due;
}

std::int64_t AlertBook::NextDue() const {
  std::int64_t due = std::numeric_limits<std::int64_t>::max();
  for (const auto& [labels, active] : active_) {
    if (active.sent_at == 0 && !active.refused) return 0;
    due = std::min(due, active.end());
    if (!active.refused && active.end() > active.sent_end) {
      due = std::min(due, active.sent_at + kRefreshNanos);
    }
  }
  return due;
}

void AlertBook::Sent(const OutgoingAlert& alert, std::int64_t now) {
  const auto found = active_.find(alert.labels);
  if (found == active_.end()) return;
  found->second.sent_end = alert.end;
  found->second.sent_at = now;
  // It has ended, and the Alertmanager knows; a line that came meanwhile has moved end().
  if (now >= found->second.end()) active_.erase(found);
}

void AlertBook::Refused(const OutgoingAlert& alert) {
  const auto found = active_.find(alert.labels);
  if (found != active_.end()) found->second.refused = true;
}

std::size_t AlertBook::unsent() const {
  return static_cast<std::size_t>(std::ranges::count_if(active_, [](const auto& entry) {
    return entry.second.sent_at == 0 && !entry.second.refused;
  }));
}

}  // namespace telltale
