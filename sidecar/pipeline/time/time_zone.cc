// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/time/time_zone.h"

#include <algorithm>
#include <limits>

#include "common/base/ascii.h"
#include "sidecar/pipeline/time/posix_rule.h"
#include "sidecar/pipeline/time/zone_table.h"

namespace telltale {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr int kLastYear = 2262;  // later times do not fit into 64 bits of nanoseconds

// Reads big-endian numbers; after the end, ok() is false and everything is zero.
class EntryReader {
 public:
  explicit EntryReader(std::string_view data) : rest_(data) {}

  std::uint32_t Number(std::size_t size) {
    std::uint32_t value = 0;
    if (rest_.size() < size) {
      ok_ = false;
      return 0;
    }
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | static_cast<unsigned char>(rest_[i]);
    }
    rest_.remove_prefix(size);
    return value;
  }
  std::string_view Text() {
    const std::size_t end = rest_.find('\0');
    if (end == rest_.npos) {
      ok_ = false;
      return {};
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

bool SameButForCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ToLowerAscii(x) == ToLowerAscii(y); });
}

Error Unknown(std::string_view name) {
  std::string sentence = "\"" + std::string(name) + "\" is no time zone of the tz database " +
                         std::string(kZoneVersion) + ": ";
  for (const ZoneName& zone : ZoneNames()) {
    if (SameButForCase(zone.name, name)) {
      return Fail(Code::kNotFound, sentence + "write " + std::string(zone.name));
    }
  }
  return Fail(Code::kNotFound, sentence + "write a name such as Europe/Berlin");
}

}  // namespace

Result<std::shared_ptr<const TimeZone>> TimeZone::Load(std::string_view name) {
  const auto zones = ZoneNames();
  const auto zone = std::ranges::lower_bound(zones, name, {}, &ZoneName::name);
  if (zone == zones.end() || zone->name != name) return Unknown(name);
  return Parse(ZoneData()[zone->data]);
}

Result<std::shared_ptr<const TimeZone>> TimeZone::Parse(std::string_view data) {
  EntryReader in(data);
  auto zone = std::make_shared<TimeZone>();
  zone->types_.resize(in.Number(1));
  for (Type& type : zone->types_) {
    type.offset = static_cast<std::int32_t>(in.Number(4));
    type.name = in.Text();
  }
  zone->first_type_ = in.Number(1);
  zone->transitions_.resize(in.Number(2));
  bool good = in.ok() && zone->first_type_ < zone->types_.size();
  for (Transition& transition : zone->transitions_) {
    transition.at = in.Number(4);
    transition.type = in.Number(1);
    good = good && transition.type < zone->types_.size();
  }
  if (!good || !in.ok()) return Fail(Code::kInvalid, "the entry of the time zone is damaged");
  zone->ExtendByRule(in.rest());
  return std::shared_ptr<const TimeZone>(std::move(zone));
}

std::size_t TimeZone::TypeOf(std::string_view name, std::int64_t offset) {
  const auto found = std::ranges::find_if(
      types_, [&](const Type& type) { return type.name == name && type.offset == offset; });
  const auto at = static_cast<std::size_t>(found - types_.begin());
  if (found == types_.end()) types_.push_back({offset, std::string(name)});
  return at;
}

void TimeZone::ExtendByRule(std::string_view text) {
  const auto rule = PosixRule::Parse(text);
  if (!rule || !rule->has_summer) return;
  const std::size_t standard = TypeOf(rule->standard_name, rule->standard);
  const std::size_t summer = TypeOf(rule->summer_name, rule->summer);
  const std::int64_t last =
      transitions_.empty() ? std::numeric_limits<std::int64_t>::min() : transitions_.back().at;
  std::vector<Transition> more;
  for (int year = 1970; year <= kLastYear; ++year) {
    more.push_back({rule->begin.DayIn(year) * kDay + rule->begin.clock - rule->standard, summer});
    more.push_back({rule->end.DayIn(year) * kDay + rule->end.clock - rule->summer, standard});
  }
  std::ranges::sort(more, {}, &Transition::at);
  for (const Transition& transition : more) {
    if (transition.at > last) transitions_.push_back(transition);
  }
}

TimeZone::Span TimeZone::At(std::int64_t unix_seconds) const {
  const auto next = std::ranges::upper_bound(transitions_, unix_seconds, {}, &Transition::at);
  Span span{first_type_, std::numeric_limits<std::int64_t>::min(),
            std::numeric_limits<std::int64_t>::max()};
  if (next != transitions_.end()) span.end = next->at;
  if (next != transitions_.begin()) {
    span.type = std::prev(next)->type;
    span.start = std::prev(next)->at;
  }
  return span;
}

std::int64_t TimeZone::ToUnix(std::int64_t local_seconds) const {
  const Span span = At(local_seconds);
  const std::int64_t guess = local_seconds - types_[span.type].offset;
  if (guess >= span.start && guess < span.end) return guess;
  return local_seconds - types_[At(guess).type].offset;
}

bool TimeZone::OffsetOf(std::string_view abbreviation, std::int64_t local_seconds,
                        std::int64_t& seconds) const {
  const Type* first = nullptr;
  for (const Type& type : types_) {
    if (type.name != abbreviation) continue;
    if (first == nullptr) first = &type;
    const Type& in_effect = types_[At(local_seconds - type.offset).type];
    if (in_effect.name != abbreviation) continue;
    seconds = in_effect.offset;
    return true;
  }
  if (first == nullptr) return false;
  seconds = first->offset;
  return true;
}

}  // namespace telltale
