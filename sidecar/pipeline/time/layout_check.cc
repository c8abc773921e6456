// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/layout_check.h"

#include <array>
#include <optional>
#include <string>

#include "common/base/ascii.h"

namespace telltale {
namespace {

using Part = TimeFormat::Part;

enum class Unit : std::uint8_t { kYear, kMonth, kDay, kYearDay, kHour, kMinute, kSecond, kZone };
constexpr std::size_t kUnits = 8;

// What people write, in lower case and without '-', '_' and spaces, and what they should.
struct Spelling {
  std::string_view written, right;
};
constexpr Spelling kSpellings[] = {
    {"rfc3339", "RFC3339"},
    {"rfc3339nano", "RFC3339Nano"},
    {"iso8601", "RFC3339, or a Go layout such as \"2006-01-02T15:04:05-0700\""},
    {"unix", "Unix"},
    {"unixs", "Unix"},
    {"unixseconds", "Unix"},
    {"epoch", "Unix"},
    {"timestamp", "Unix"},
    {"unixms", "UnixMs"},
    {"unixmilli", "UnixMs"},
    {"unixmillis", "UnixMs"},
    {"unixmilliseconds", "UnixMs"},
    {"epochms", "UnixMs"},
    {"epochmillis", "UnixMs"},
    {"unixus", "UnixUs"},
    {"unixmicro", "UnixUs"},
    {"unixmicros", "UnixUs"},
    {"unixmicroseconds", "UnixUs"},
    {"unixns", "UnixNs"},
    {"unixnano", "UnixNs"},
    {"unixnanos", "UnixNs"},
    {"unixnanoseconds", "UnixNs"},
    {"ansic", "ANSIC"},
    {"unixdate", "UnixDate"},
    {"rubydate", "RubyDate"},
    {"rfc822", "RFC822"},
    {"rfc822z", "RFC822Z"},
    {"rfc850", "RFC850"},
    {"rfc1123", "RFC1123"},
    {"rfc1123z", "RFC1123Z"},
};

Status Refused(std::string_view format, std::string_view why) {
  return Fail(Code::kInvalid, "\"" + std::string(format) + "\" " + std::string(why));
}

std::optional<Unit> UnitOf(Part part) {
  switch (part) {
    case Part::kLongYear:
    case Part::kYear:
      return Unit::kYear;
    case Part::kLongMonth:
    case Part::kMonth:
    case Part::kNumMonth:
    case Part::kZeroMonth:
      return Unit::kMonth;
    case Part::kDay:
    case Part::kUnderDay:
    case Part::kZeroDay:
      return Unit::kDay;
    case Part::kUnderYearDay:
    case Part::kZeroYearDay:
      return Unit::kYearDay;
    case Part::kHour:
    case Part::kHour12:
    case Part::kZeroHour12:
      return Unit::kHour;
    case Part::kMinute:
    case Part::kZeroMinute:
      return Unit::kMinute;
    case Part::kSecond:
    case Part::kZeroSecond:
      return Unit::kSecond;
    case Part::kLongWeekDay:
    case Part::kWeekDay:
    case Part::kPM:
    case Part::kpm:
    case Part::kFraction0:
    case Part::kFraction9:
      return std::nullopt;
    default:
      return Unit::kZone;
  }
}

// Literal digits are those of another date. A fixed offset of UTC is meant as it stands.
bool HasStrayDigit(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const std::string_view zero : {"+00:00", "-00:00", "+0000", "-0000", "+00"}) {
      if (text.substr(i).starts_with(zero)) {
        text.remove_prefix(i + zero.size());
        i = 0;
        break;
      }
    }
    if (i < text.size() && IsDigit(text[i])) return true;
  }
  return false;
}

bool IsStrftime(std::string_view format) {
  for (std::size_t i = 0; i + 1 < format.size(); ++i) {
    if (format[i] == '%' && IsLetter(format[i + 1])) return true;
  }
  return false;
}

bool IsJavaPattern(std::string_view format) {
  for (const std::string_view word : {"yyyy", "YYYY", "HH:", ":mm", ":ss", "MM-dd", "MM/dd",
                                      "dd/MM", "SSS", "fff", "XX", "'T'"}) {
    if (format.find(word) != format.npos) return true;
  }
  return false;
}

constexpr std::string_view kReference =
    "a Go layout shows how the moment 2006-01-02 15:04:05.000 -0700 (Mon Jan 2, 3 PM MST) would be "
    "written";

}  // namespace

Status CheckFormatName(std::string_view format) {
  std::string plain;
  for (const char c : format) {
    if (c != '-' && c != '_' && c != ' ') plain += ToLowerAscii(c);
  }
  for (const auto& [written, right] : kSpellings) {
    if (plain == written && right != format) {
      return Refused(format, "is no format: write " + std::string(right));
    }
  }
  return {};
}

Status CheckLayout(std::string_view format, const std::vector<TimeFormat::Piece>& pieces,
                   std::string_view after) {
  if (IsStrftime(format)) {
    return Refused(format, "is written for strftime: " + std::string(kReference));
  }
  if (IsJavaPattern(format)) {
    return Refused(format, "is written as a Java pattern: " + std::string(kReference));
  }
  if (pieces.empty()) {
    return Refused(format,
                   "has no part of a time: use RFC3339, Unix, UnixMs, UnixUs, UnixNs or a Go "
                   "layout such as \"2006-01-02 15:04:05\"");
  }
  std::array<bool, kUnits> seen{};
  bool twelve = false, pm = false, stray = HasStrayDigit(after), twice = false;
  for (const auto& piece : pieces) {
    stray = stray || HasStrayDigit(piece.before);
    twelve = twelve || piece.part == Part::kHour12 || piece.part == Part::kZeroHour12;
    pm = pm || piece.part == Part::kPM || piece.part == Part::kpm;
    const auto unit = UnitOf(piece.part);
    if (!unit || *unit == Unit::kZone) continue;  // "-0700 MST" has the zone twice
    bool& known = seen[static_cast<std::size_t>(*unit)];
    twice = twice || known;
    known = true;
  }
  const auto has = [&](Unit unit) { return seen[static_cast<std::size_t>(unit)]; };
  if (stray || twice) {
    return Refused(format, std::string(stray ? "has digits that are none of Go's reference time"
                                             : "has a part of the time twice") +
                               ": " + std::string(kReference));
  }
  if (has(Unit::kYearDay) ? !has(Unit::kYear) : !has(Unit::kMonth) || !has(Unit::kDay)) {
    return Refused(format, "has no whole date: add the month (01 or Jan) and the day (02)");
  }
  if (has(Unit::kMinute) && !has(Unit::kHour)) {
    return Refused(format, "has minutes and no hour: add 15, or 03 with PM");
  }
  if (has(Unit::kSecond) && !has(Unit::kMinute)) {
    return Refused(format, "has seconds and no minutes: add 04");
  }
  if (twelve && !pm) {
    return Refused(format,
                   "has the hour 1 to 12 and no PM: write 15 for the hour 0 to 23, or add PM");
  }
  return {};
}

}  // namespace telltale
