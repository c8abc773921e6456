// SPDX-License-Identifier: Apache-2.0
//
// inotify on directories. Where the kernel refuses (a user may have 128 instances on a node, a
// network file system may say nothing) every call still succeeds and the caller's sweep finds the
// changes. Called by FileSet; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/files.h"
#include "common/base/function_ref.h"

namespace telltale {

struct DirEvent {
  std::string_view directory;
  std::string_view name;  // empty when it is about the directory
  enum class Kind { kChanged, kAttributes, kAppeared, kGone, kMovedFrom, kMovedTo };
  Kind kind = Kind::kChanged;
  std::uint32_t cookie = 0;   // joins kMovedFrom with its kMovedTo
  bool of_directory = false;  // `name` is a directory
};

class DirWatch {
 public:
  DirWatch();

  // For poll(2); -1 without inotify.
  int fd() const { return fd_.get(); }

  // Idempotent, and to be called again now and then: a directory that was replaced by another
  // under the same name gets a new watch.
  // Without `writes` no event tells of writes to files that are there. False when there will be no
  // events of it.
  bool Watch(const std::string& directory, bool writes = true);
  void Unwatch(const std::string& directory);

  // All events that are there; never blocks. False when the kernel dropped some.
  bool Read(FunctionRef<void(const DirEvent&)> handle);

 private:
  UniqueFd fd_;
  std::unordered_map<int, std::string> by_watch_;
  bool warned_ = false;
};

}  // namespace telltale
