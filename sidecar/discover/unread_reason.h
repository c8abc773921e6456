// SPDX-License-Identifier: Apache-2.0
//
// Why wanted files are not read, and how that is counted and said. The names of the reasons are the
// values of the label `reason` of telltale_logs_files_unread. Owned by Discovery, on the worker's
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace telltale {

enum class UnreadReason {
  kPermission,      // a file or directory that we may not open
  kLink,            // a link that leads out of the directories that the patterns name
  kBrokenLink,      // a link to a path that is not there
  kLimit,           // too many files are open
  kCompressed,      // by a program other than gzip
  kEncoding,        // UTF-16 or UTF-32
  kBinary,          // no text: a heap dump, a database, a core
  kIgnoredOlder,    // not changed for longer than ignoreOlder, and never read before
  kDirectoryLimit,  // a directory below `**` beyond the limit
  kError,           // any other error of open(2)
  kCount,
};

std::string_view UnreadReasonName(UnreadReason reason);

class UnreadCounts {
 public:
  std::uint64_t& operator[](UnreadReason reason) {
    return counts_[static_cast<std::size_t>(reason)];
  }
  std::uint64_t operator[](UnreadReason reason) const {
    return counts_[static_cast<std::size_t>(reason)];
  }
  void operator+=(const UnreadCounts& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }
  // Whether a change of modes or owners may help.
  bool of_permission() const { return (*this)[UnreadReason::kPermission] > 0; }

 private:
  std::array<std::uint64_t, static_cast<std::size_t>(UnreadReason::kCount)> counts_{};
};

// Warns once about each path, with what to do about it. Remembers at most kMax paths; beyond them
// only the gauge tells.
class UnreadWarnings {
 public:
  static constexpr std::size_t kMax = 1000;

  // `detail`: what is in the way, such as the text of errno.
  void Warn(UnreadReason reason, const std::string& path, std::string_view detail);
  // The path is read, or gone: the next trouble with it is worth a new warning.
  void Forget(const std::string& path) { warned_.erase(path); }

 private:
  std::set<std::string> warned_;
};

}  // namespace telltale
