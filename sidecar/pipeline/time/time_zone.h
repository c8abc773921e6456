// SPDX-License-Identifier: Apache-2.0
//
// A time zone of the tz database that is built into the program, for times that name no zone. The
// system's database is not read: the image has none. Immutable and thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

class TimeZone {
 public:
  // `name` as in the tz database, links included: "Europe/Berlin", "US/Pacific". kNotFound with a
  // sentence for another one.
  static Result<std::shared_ptr<const TimeZone>> Load(std::string_view name);

  // One entry of ZoneData(); kInvalid if it is damaged.
  static Result<std::shared_ptr<const TimeZone>> Parse(std::string_view data);

  // Unix seconds of a local time that is given as if it were UTC. For a local time that occurs
  // twice or never, the same as Go's time.Date.
  std::int64_t ToUnix(std::int64_t local_seconds) const;

  // The offset of an abbreviation such as CEST: the one in effect at that local time, else the
  // first that has the name. False if the zone does not know it.
  bool OffsetOf(std::string_view abbreviation, std::int64_t local_seconds,
                std::int64_t& seconds) const;

 private:
  struct Type {
    std::int64_t offset = 0;  // from UTC, in seconds
    std::string name;         // CET
  };
  struct Transition {
    std::int64_t at;
    std::size_t type;
  };
  struct Span {
    std::size_t type;
    std::int64_t start, end;
  };
  Span At(std::int64_t unix_seconds) const;
  std::size_t TypeOf(std::string_view name, std::int64_t offset);
  void ExtendByRule(std::string_view rule);

  std::size_t first_type_ = 0;
  std::vector<Type> types_;
  std::vector<Transition> transitions_;
};

}  // namespace telltale
