// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/time_zone.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "common/base/files.h"

namespace telltale {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::size_t kMaxFile = 64 << 10;
constexpr int kLastYear = 2100;  // rules are written out until then

std::int64_t BigEndian(std::string_view data, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<unsigned char>(data[at + i]);
  }
  if (size == 4) return static_cast<std::int32_t>(value);
  return static_cast<std::int64_t>(value);
}

struct Counts {
  std::size_t isut, isstd, leap, times, types, chars;
  std::size_t Body(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + chars + leap * (time_size + 4) + isstd + isut;
  }
};

constexpr std::size_t kHeader = 44;

bool ReadHeader(std::string_view data, std::size_t at, Counts& counts) {
  if (data.size() < at + kHeader || data.substr(at, 4) != "TZif") return false;
  std::size_t* fields[] = {&counts.isut,  &counts.isstd, &counts.leap,
                           &counts.times, &counts.types, &counts.chars};
  for (std::size_t i = 0; i < 6; ++i) {
    const std::int64_t value = BigEndian(data, at + 20 + 4 * i, 4);
    if (value < 0 || value > 100'000) return false;
    *fields[i] = static_cast<std::size_t>(value);
  }
  return true;
}

// rule = std offset dst [ offset ] "," date [ "/" time ] "," date [ "/" time ]; date = "M" m.w.d
class RuleReader {
 public:
  explicit RuleReader(std::string_view rest) : rest_(rest) {}

  bool Name() {
    std::size_t end = 0;
    if (rest_.starts_with('<')) {
      end = rest_.find('>');
      if (end == rest_.npos) return false;
      ++end;
    } else {
      while (end < rest_.size() && ((rest_[end] | 0x20) >= 'a' && (rest_[end] | 0x20) <= 'z')) {
        ++end;
      }
    }
    rest_.remove_prefix(end);
    return end > 0;
  }
  bool Number(std::int64_t& out) {
    std::size_t end = 0;
    out = 0;
    while (end < rest_.size() && end < 6 && rest_[end] >= '0' && rest_[end] <= '9') {
      out = out * 10 + (rest_[end++] - '0');
    }
    rest_.remove_prefix(end);
    return end > 0;
  }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Clock(std::int64_t& seconds) {  // [+-]h[:m[:s]]
    const bool negative = Take('-');
    if (!negative) Take('+');
    std::int64_t part = 0;
    if (!Number(part)) return false;
    seconds = part * 3600;
    for (const int unit : {60, 1}) {
      if (!Take(':')) break;
      if (!Number(part)) return false;
      seconds += part * unit;
    }
    if (negative) seconds = -seconds;
    return true;
  }
  bool Date(std::int64_t& month, std::int64_t& week, std::int64_t& weekday, std::int64_t& clock) {
    clock = 7200;
    return Take(',') && Take('M') && Number(month) && Take('.') && Number(week) && Take('.') &&
           Number(weekday) && month >= 1 && month <= 12 && week >= 1 && week <= 5 && weekday < 7 &&
           (!Take('/') || Clock(clock));
  }
  bool At(char c) const { return rest_.starts_with(c); }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::int64_t DayOf(int year, std::int64_t month, std::int64_t week, std::int64_t weekday) {
  namespace ch = std::chrono;
  const auto y = ch::year(year);
  const auto m = ch::month(static_cast<unsigned>(month));
  const ch::weekday d(static_cast<unsigned>(weekday));
  const ch::sys_days day = week == 5 ? ch::sys_days(y / m / d[ch::last])
                                     : ch::sys_days(y / m / d[static_cast<unsigned>(week)]);
  return day.time_since_epoch().count();
}

}  // namespace

Result<std::shared_ptr<const TimeZone>> TimeZone::Load(std::string_view name) {
  const bool safe = !name.empty() && name[0] != '/' && name.find("..") == name.npos &&
                    name.find('\0') == name.npos && name.size() < 64;
  auto data = safe ? ReadFile("/usr/share/zoneinfo/" + std::string(name), kMaxFile)
                   : Result<std::string>(Fail(Code::kNotFound, ""));
  if (!data) {
    return Fail(Code::kNotFound, "\"" + std::string(name) +
                                     "\" is not in /usr/share/zoneinfo here: write times with "
                                     "their offset, or use UTC");
  }
  return Parse(*data);
}

Result<std::shared_ptr<const TimeZone>> TimeZone::Parse(std::string_view data) {
  const Error bad = Fail(Code::kInvalid, "the file of the time zone is damaged");
  Counts counts{};
  if (!ReadHeader(data, 0, counts)) return bad;
  std::size_t at = kHeader, time_size = 4;
  if (data[4] >= '2') {  // the same again with 64 bits
    at += counts.Body(4);
    if (!ReadHeader(data, at, counts)) return bad;
    at += kHeader;
    time_size = 8;
  }
  if (data.size() - at < counts.Body(time_size) || counts.types == 0) return bad;
  const std::size_t indexes = at + counts.times * time_size;
  const std::size_t types = indexes + counts.times, chars = types + counts.types * 6;
  auto zone = std::make_shared<TimeZone>();
  for (std::size_t i = 0; i < counts.types; ++i) {
    const std::int64_t offset = BigEndian(data, types + 6 * i, 4);
    if (i == 0) zone->first_offset_ = offset;
    const auto name = static_cast<unsigned char>(data[types + 6 * i + 5]);
    if (name < counts.chars) {
      const std::string_view text = data.substr(chars + name, counts.chars - name);
      zone->names_.push_back({std::string(text.substr(0, text.find('\0'))), offset});
    }
  }
  for (std::size_t i = 0; i < counts.times; ++i) {
    const auto type = static_cast<unsigned char>(data[indexes + i]);
    if (type >= counts.types) return bad;
    zone->transitions_.push_back(
        {BigEndian(data, at + i * time_size, time_size), BigEndian(data, types + 6u * type, 4)});
  }
  at += counts.Body(time_size);
  if (time_size == 8 && at < data.size() && data[at] == '\n') {
    const std::string_view footer = data.substr(at + 1);
    zone->ExtendByRule(footer.substr(0, footer.find('\n')));
  }
  return std::shared_ptr<const TimeZone>(std::move(zone));
}

void TimeZone::ExtendByRule(std::string_view rule) {
  RuleReader in(rule);
  std::int64_t standard = 0, summer = 0;
  if (!in.Name() || !in.Clock(standard) || in.done()) return;
  if (!in.Name()) return;
  standard = -standard;
  summer = standard + 3600;
  if (!in.At(',')) {
    if (!in.Clock(summer)) return;
    summer = -summer;
  }
  std::int64_t m1 = 0, w1 = 0, d1 = 0, t1 = 0, m2 = 0, w2 = 0, d2 = 0, t2 = 0;
  if (!in.Date(m1, w1, d1, t1) || !in.Date(m2, w2, d2, t2)) return;
  const std::int64_t last =
      transitions_.empty() ? std::numeric_limits<std::int64_t>::min() : transitions_.back().at;
  std::vector<Transition> more;
  for (int year = 1970; year <= kLastYear; ++year) {
    more.push_back({DayOf(year, m1, w1, d1) * kDay + t1 - standard, summer});
    more.push_back({DayOf(year, m2, w2, d2) * kDay + t2 - summer, standard});
  }
  std::sort(more.begin(), more.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  for (const Transition& t : more) {
    if (t.at > last) transitions_.push_back(t);
  }
}

TimeZone::Span TimeZone::At(std::int64_t unix_seconds) const {
  const auto next =
      std::upper_bound(transitions_.begin(), transitions_.end(), unix_seconds,
                       [](std::int64_t time, const Transition& t) { return time < t.at; });
  Span span{first_offset_, std::numeric_limits<std::int64_t>::min(),
            std::numeric_limits<std::int64_t>::max()};
  if (next != transitions_.end()) span.end = next->at;
  if (next != transitions_.begin()) {
    span.offset = std::prev(next)->offset;
    span.start = std::prev(next)->at;
  }
  return span;
}

std::int64_t TimeZone::ToUnix(std::int64_t local_seconds) const {
  const Span span = At(local_seconds);
  const std::int64_t guess = local_seconds - span.offset;
  if (guess >= span.start && guess < span.end) return guess;
  return local_seconds - At(guess).offset;
}

bool TimeZone::OffsetOf(std::string_view abbreviation, std::int64_t& seconds) const {
  for (const Name& name : names_) {
    if (name.name != abbreviation) continue;
    seconds = name.offset;
    return true;
  }
  return false;
}

}  // namespace telltale
