// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/go_time.h"

#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "common/base/rfc3339.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/time/go_time_reader.h"

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kDay = 86'400;

struct NamedLayout {
  std::string_view name, layout;
};
constexpr std::array<NamedLayout, 8> kNamed = {{{"ANSIC", "Mon Jan _2 15:04:05 2006"},
                                                {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
                                                {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
                                                {"RFC822", "02 Jan 06 15:04 MST"},
                                                {"RFC822Z", "02 Jan 06 15:04 -0700"},
                                                {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
                                                {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
                                                {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"}}};

std::optional<std::int64_t> Nanos(std::int64_t seconds, std::int64_t nanos) {
  std::int64_t out = 0;
  if (seconds < 0 || __builtin_mul_overflow(seconds, kSecond, &out) ||
      __builtin_add_overflow(out, nanos, &out)) {
    return std::nullopt;
  }
  return out;
}

std::optional<std::int64_t> Scaled(std::string_view text, std::int64_t unit) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto count = ParseInt(text);
  std::int64_t out = 0;
  if (!count || *count < 0 || __builtin_mul_overflow(*count, unit, &out)) return std::nullopt;
  return out;
}

// seconds [ "." fraction ]
std::optional<std::int64_t> ParseUnix(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos) return Scaled(text, kSecond);
  const auto whole = Scaled(text.substr(0, dot), kSecond);
  std::string_view digits = text.substr(dot + 1);
  if (!whole || digits.empty()) return std::nullopt;
  std::int64_t nanos = 0, unit = kSecond;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    unit /= 10;
    nanos += (c - '0') * unit;
  }
  return Nanos(*whole / kSecond, nanos);
}

// The year of a date without one, for a log line that is about as old as now.
int GuessYear(unsigned month, std::int64_t now) {
  namespace ch = std::chrono;
  const ch::year_month_day today(ch::sys_days(ch::days(now / kSecond / kDay)));
  const auto this_month = static_cast<unsigned>(today.month());
  int year = static_cast<int>(today.year());
  if (month == 12 && this_month == 1) --year;
  if (month == 1 && this_month == 12) ++year;
  return year;
}

}  // namespace

Result<TimeFormat> TimeFormat::Compile(std::string_view format,
                                       std::shared_ptr<const TimeZone> zone) {
  TimeFormat out;
  if (format == "Unix") {
    out.kind_ = Kind::kUnix;
  } else if (format == "UnixMs") {
    out.kind_ = Kind::kMillis;
  } else if (format == "UnixUs") {
    out.kind_ = Kind::kMicros;
  } else if (format == "UnixNs") {
    out.kind_ = Kind::kNanos;
  } else if (format == "RFC3339" || format == "RFC3339Nano") {
    out.kind_ = Kind::kRfc3339;
    out.after_ = SplitLayout("2006-01-02T15:04:05Z07:00", out.pieces_);
  } else {
    out.zone_ = std::move(zone);
    for (const NamedLayout& named : kNamed) {
      if (named.name != format) continue;
      format = named.layout;
      out.zone_.reset();  // as in Promtail, the names are of UTC
      break;
    }
    out.has_year_ = format.find("06") != format.npos;
    out.after_ = SplitLayout(format, out.pieces_);
    if (out.pieces_.empty()) {
      return Fail(Code::kInvalid,
                  "\"" + std::string(format) +
                      "\" has no part of a time: use RFC3339, Unix, UnixMs, UnixUs, "
                      "UnixNs or a Go layout such as \"2006-01-02 15:04:05\"");
    }
  }
  return out;
}

std::optional<std::int64_t> TimeFormat::Parse(std::string_view text, std::int64_t now) const {
  switch (kind_) {
    case Kind::kUnix:
      return ParseUnix(text);
    case Kind::kMillis:
      return Scaled(text, 1'000'000);
    case Kind::kMicros:
      return Scaled(text, 1'000);
    case Kind::kNanos:
      return Scaled(text, 1);
    case Kind::kRfc3339:
      if (auto nanos = ParseRfc3339(text)) return nanos;
      return ParseLayout(text, now);  // what Go takes beyond the standard
    case Kind::kLayout:
      return ParseLayout(text, now);
  }
  return std::nullopt;
}

std::optional<std::int64_t> TimeFormat::ParseLayout(std::string_view text, std::int64_t now) const {
  TimeReader in(text);
  for (const Piece& piece : pieces_) {
    const Piece* next = &piece + 1 == pieces_.data() + pieces_.size() ? nullptr : &piece + 1;
    const bool fraction_next = next != nullptr && IsFraction(next->part);
    if (!in.Skip(piece.before) || !in.Take(piece, fraction_next)) return std::nullopt;
  }
  if (!in.Skip(after_) || !in.done()) return std::nullopt;
  CivilTime time;
  if (!in.Finish(time)) return std::nullopt;
  if (!has_year_) {
    if (time.year != 0) return std::nullopt;
    time.year = GuessYear(static_cast<unsigned>(time.month), now);
  }
  const std::chrono::year_month_day date{std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  // The 29th of February of a year without one is the 1st of March, as Go's AddDate has it.
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t local = days * kDay + time.hour * 3600 + time.minute * 60 + time.second;
  std::int64_t offset = 0;
  if (time.has_offset) return Nanos(local - time.offset, time.nanos);
  if (!time.zone.empty() && time.zone != "UTC") {
    if (zone_ && zone_->OffsetOf(time.zone, offset)) return Nanos(local - offset, time.nanos);
    // A name that means nothing here counts as UTC, and GMT+3 as what it says.
    if (time.zone.starts_with("GMT")) {
      std::string_view hours = time.zone.substr(3);
      if (hours.starts_with('+')) hours.remove_prefix(1);
      if (const auto value = ParseInt(hours)) offset = *value * 3600;
    }
    return Nanos(local - offset, time.nanos);
  }
  if (time.zone.empty() && zone_) return Nanos(zone_->ToUnix(local), time.nanos);
  return Nanos(local, time.nanos);
}

}  // namespace telltale
