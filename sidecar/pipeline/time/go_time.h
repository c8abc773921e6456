// SPDX-License-Identifier: Apache-2.0
//
// Times in the formats of Promtail's timestamp stage: the names RFC3339, Unix, UnixMs, ... and Go
// reference layouts such as "2006-01-02 15:04:05.000". Compiled once; Parse is a function of its
// arguments, without locale or allocation, and thread-safe. Called by the timestamp stage.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "sidecar/pipeline/time/time_zone.h"

namespace telltale {

struct CivilTime;

class TimeFormat {
 public:
  // `zone` is for times that name none; null: UTC. kInvalid with a sentence for a format that
  // cannot match or does not make a whole time.
  static Result<TimeFormat> Compile(std::string_view format, std::shared_ptr<const TimeZone> zone);

  // Nanoseconds since the epoch; nullopt if the text has another format or the time is before 1970
  // or after 2262. A format without a year gets the latest year that puts the time at most a day
  // ahead of `now`; February 29 gets the latest such leap year.
  std::optional<std::int64_t> Parse(std::string_view text, std::int64_t now) const;

  // Elements of a layout, for the implementation.
  enum class Part : std::uint8_t;
  struct Piece {
    std::string before;  // text in front of the part
    Part part;
    int digits = 0;  // of a fraction
  };

 private:
  enum class Kind : std::uint8_t { kLayout, kRfc3339, kUnix, kMillis, kMicros, kNanos };

  std::optional<std::int64_t> ParseLayout(std::string_view text, std::int64_t now) const;
  std::optional<std::int64_t> Instant(const CivilTime& time) const;

  Kind kind_ = Kind::kLayout;
  std::vector<Piece> pieces_;
  std::string after_;
  bool has_year_ = true;
  std::shared_ptr<const TimeZone> zone_;
};

}  // namespace telltale
