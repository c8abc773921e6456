// SPDX-License-Identifier: Apache-2.0
//
// Lines for log files, made from a seed: each says who wrote it, its number and a checksum, and is
// short, long, beyond all limits, no UTF-8, or ends with CRLF. With each comes the text that Loki
// must hold in the end, made beside it and not by our own decoder. Used by LogFiles; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/faults/seeded.h"

namespace telltale::faults {

struct LineTraits {
  bool dirty = true;      // invalid UTF-8, NUL, CRLF
  bool long_ones = true;  // up to some 10 KB
  bool huge = false;      // now and then beyond what Loki takes
};

struct LogText {
  std::string raw;       // without line end; never empty
  std::string expected;  // in Loki; of a huge line only the start is compared
  bool huge = false;
  bool crlf = false;
};

class LogLines {
 public:
  LogLines(std::uint64_t seed, const LineTraits& traits)
      : random_(seed, "lines"), traits_(traits) {}

  LogText Make(const std::string& writer, std::uint64_t number);
  // The same at the start of several files.
  static LogText Banner(const std::string& writer, std::uint64_t number);
  // The pieces of `raw` that a container runtime writes, at least two where there are two bytes.
  std::vector<std::string> Parts(const std::string& raw);
  // "2026-11-21T01:02:03.000000004Z".
  static std::string Stamp(std::int64_t nanos);

 private:
  Seeded random_;
  LineTraits traits_;
};

// Of any bytes; written here as eight hexadecimal digits. Not ours, so that it checks ours.
std::string Checksum(const std::string& bytes);

}  // namespace telltale::faults
