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

// /proc/net/dev
struct NetworkDevice {
  struct Direction {
    std::uint64_t bytes = 0, packets = 0, errors = 0, drops = 0;
  };
  std::string name;
  Direction receive, transmit;
};
Result<std::vector<NetworkDevice>> ParseNetDev(std::string_view text);

// /proc/<pid>/mountinfo
struct Mount {
  std::string mount_point;  // octal escapes decoded
  std::string type;         // of the filesystem: ext4, overlay, nfs4
  bool read_only = false;
};
// All mounts in the file's order, the later of two at one place only.
Result<std::vector<Mount>> ParseMountInfo(std::string_view text);
// Kernel interfaces that look like filesystems (proc, sysfs, cgroup2, ...) and what is mounted
// below /proc, /sys and /dev: their sizes mean nothing.
bool IsPseudo(const Mount& mount);
// Filesystems whose server may be away, so that a system call on them may never return.
bool MayHang(const Mount& mount);

// /proc/<pid>/stat
struct ProcessStat {
  std::string name;  // comm: at most 15 bytes, any bytes
  char state = '?';
  std::uint64_t cpu_ticks = 0;  // user and system
  std::uint64_t threads = 0;
  std::uint64_t start_ticks = 0;    // with the pid it names a process for good
  std::uint64_t virtual_bytes = 0;  // 0 for a thread of the kernel
  std::uint64_t resident_pages = 0;
};
Result<ProcessStat> ParseProcessStat(std::string_view text);

}  // namespace telltale
