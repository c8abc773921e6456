// SPDX-License-Identifier: Apache-2.0
//
// A time zone of the system's database (TZif, RFC 8536), for times that do not name one. Read when
// a configuration is compiled; immutable and thread-safe then.
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
  // "Europe/Berlin"; kNotFound when the database has no such zone or the system has none.
  static Result<std::shared_ptr<const TimeZone>> Load(std::string_view name);

  // The content of a TZif file.
  static Result<std::shared_ptr<const TimeZone>> Parse(std::string_view data);

  // Unix seconds of a local time that was counted as if it were UTC. Of a local time that is there
  // twice or not at all, what Go's time.Date returns.
  std::int64_t ToUnix(std::int64_t local_seconds) const;

  // The offset of an abbreviation such as CEST that the zone knows; false when it knows none.
  bool OffsetOf(std::string_view abbreviation, std::int64_t& seconds) const;

 private:
  struct Transition {
    std::int64_t at, offset;
  };
  struct Name {
    std::string name;
    std::int64_t offset;
  };
  struct Span {
    std::int64_t offset, start, end;
  };
  Span At(std::int64_t unix_seconds) const;
  void ExtendByRule(std::string_view rule);

  std::int64_t first_offset_ = 0;
  std::vector<Transition> transitions_;
  std::vector<Name> names_;
};

}  // namespace telltale
