// SPDX-License-Identifier: Apache-2.0
//
// rule = std offset [ dst [ offset ] "," date [ "/" time ] "," date [ "/" time ] ]
// date = "M" month "." week "." weekday
#include "sidecar/pipeline/time/posix_rule.h"

#include <chrono>

#include "common/base/ascii.h"

namespace telltale {
namespace {

class RuleReader {
 public:
  explicit RuleReader(std::string_view rest) : rest_(rest) {}

  bool Name(std::string& out) {
    std::size_t end = 0;
    if (rest_.starts_with('<')) {
      end = rest_.find('>');
      if (end == rest_.npos) return false;
      out = rest_.substr(1, end - 1);
      ++end;
    } else {
      while (end < rest_.size() && IsLetter(rest_[end])) ++end;
      out = rest_.substr(0, end);
    }
    rest_.remove_prefix(end);
    return end > 0;
  }
  bool Number(std::int64_t& out) {
    std::size_t end = 0;
    out = 0;
    while (end < rest_.size() && end < 6 && IsDigit(rest_[end])) {
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
  bool Change(PosixRule::Change& out) {
    return Take(',') && Take('M') && Number(out.month) && Take('.') && Number(out.week) &&
           Take('.') && Number(out.weekday) && out.month >= 1 && out.month <= 12 && out.week >= 1 &&
           out.week <= 5 && out.weekday < 7 && (!Take('/') || Clock(out.clock));
  }
  bool At(char c) const { return rest_.starts_with(c); }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

std::int64_t PosixRule::Change::DayIn(int year) const {
  namespace ch = std::chrono;
  const auto y = ch::year(year);
  const auto m = ch::month(static_cast<unsigned>(month));
  const ch::weekday d(static_cast<unsigned>(weekday));
  const ch::sys_days day = week == 5 ? ch::sys_days(y / m / d[ch::last])
                                     : ch::sys_days(y / m / d[static_cast<unsigned>(week)]);
  return day.time_since_epoch().count();
}

std::optional<PosixRule> PosixRule::Parse(std::string_view text) {
  RuleReader in(text);
  PosixRule rule;
  if (!in.Name(rule.standard_name) || !in.Clock(rule.standard)) return std::nullopt;
  rule.standard = -rule.standard;
  if (in.done()) return rule;
  if (!in.Name(rule.summer_name)) return std::nullopt;
  rule.has_summer = true;
  rule.summer = rule.standard + 3600;
  if (!in.At(',')) {
    if (!in.Clock(rule.summer)) return std::nullopt;
    rule.summer = -rule.summer;
  }
  if (!in.Change(rule.begin) || !in.Change(rule.end) || !in.done()) return std::nullopt;
  return rule;
}

}  // namespace telltale
