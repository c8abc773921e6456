// SPDX-License-Identifier: Apache-2.0
//
// The kernel's text files as values: the pure half of the collectors. Each parser takes the whole
// text of a file and says with a sentence what it did not understand. Formats: proc(5).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

// The next word of `text`, which is cut by it; empty at the end. Words are set apart by spaces.
std::string_view NextWord(std::string_view& text);
// False unless the whole word is a number.
bool ParseNumber(std::string_view word, std::uint64_t& out);
// "FILE line N has an unknown form".
Error LineError(std::string_view file, std::size_t line);
// Bytes that others chose, as the value of a label. If they are not UTF-8, each bad byte is written
// as \xff, and a backslash is doubled, so that two names stay two.
std::string LabelText(std::string_view bytes);

// /proc/net/dev
struct NetworkDevice {
  struct Direction {
    std::uint64_t bytes = 0, packets = 0, errors = 0, drops = 0;
  };
  std::string name;
  Direction receive, transmit;
};
Result<std::vector<NetworkDevice>> ParseNetDev(std::string_view text);

// /proc/<pid>/stat
struct ProcessStat {
  std::string name;  // comm: at most 15 bytes, any bytes
  char state = '?';
  std::uint64_t parent = 0;        // its pid
  std::uint64_t cpu_ticks = 0;     // user and system
  std::uint64_t waited_ticks = 0;  // of children that ended and were waited for, and of theirs
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;    // with the pid it names a process for good
  std::uint64_t virtual_bytes = 0;  // 0 for a thread of the kernel
  std::uint64_t resident_pages = 0;
};
Result<ProcessStat> ParseProcessStat(std::string_view text);
// /proc/<pid>/io: what reached the disks, not the page cache
struct ProcessIo {
  std::uint64_t read_bytes = 0, written_bytes = 0;
};
Result<ProcessIo> ParseProcessIo(std::string_view text);
// The kernel cuts a name to 15 bytes: the whole one, if /proc/<pid>/cmdline has it as the program
// or the script that the program runs; else `name`.
std::string WholeName(const std::string& name, std::string_view cmdline);
inline constexpr std::size_t kCutName = 15;

}  // namespace telltale
