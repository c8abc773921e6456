// SPDX-License-Identifier: Apache-2.0
//
// The lines that the log path is measured with: the JSON of a web server's access log, with a
// number, an id and a time that differ in each, as a CRI line or alone, all of one length. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace telltale::bench {

// Which lines there were, in any order: equal for the same lines, each as often.
struct Digest {
  std::uint64_t lines = 0;
  std::uint64_t sum = 0;    // of texts and times
  std::uint64_t texts = 0;  // of the texts alone, for lines whose time is when they are read
  // `text` is without its CRI part, `time` what stood there.
  void Add(std::int64_t time, std::string_view text);
  bool operator==(const Digest&) const = default;
};

enum class LineForm { kCri, kJson };

// `time` is in nanoseconds since the Unix epoch and stands in the text too ("sent"), from which the
// sink knows how old a line is. `bytes` counts the line end; at least 230. Counted in `made`.
void AppendLine(LineForm form, std::uint64_t number, std::int64_t time, std::size_t bytes,
                std::string& out, Digest& made);

// The value of "sent" in a line; 0 when there is none.
std::int64_t SentAt(std::string_view line);

// The level of a line without its CRI part; empty when there is none.
std::string_view LevelOf(std::string_view line);

}  // namespace telltale::bench
