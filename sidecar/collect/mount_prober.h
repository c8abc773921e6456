// SPDX-License-Identifier: Apache-2.0
//
// Asks filesystems for their sizes without being caught by one that does not answer: statvfs on an
// NFS mount whose server is away blocks for ever and cannot be interrupted. Each filesystem that
// may hang is asked on a thread of its own, all at once, with one deadline. A thread that has not
// come back by then is left behind; its mount counts as stuck, and it is neither asked nor waited
// for until the call has returned. So a stuck mount costs one wait and one sleeping thread, and
// mounts that answer are not held up by it.
//
// Used by the filesystem collector, on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace telltale {

struct FilesystemUsage {
  bool folder = true;  // false for a single file bound into the container (/etc/hosts)
  std::uint64_t size = 0, free = 0, available = 0;  // bytes
  std::uint64_t files = 0, files_free = 0;
};

// stat and statvfs.
Result<FilesystemUsage> StatFilesystem(const std::string& path);

class MountProber {
 public:
  using Stat = std::function<Result<FilesystemUsage>(const std::string& path)>;
  using Millis = std::chrono::milliseconds;
  struct Question {
    std::string path;
    bool may_hang = false;
  };
  explicit MountProber(Stat stat = StatFilesystem, Millis deadline = Millis(2'000));

  // One answer for each question, in their order: kTimeout if the filesystem did not answer, other
  // errors are its own. Returns after `deadline` at the latest, if local filesystems answer.
  std::vector<Result<FilesystemUsage>> Ask(const std::vector<Question>& questions);

 private:
  struct Call;
  std::shared_ptr<Call> Start(const std::string& path);

  const Stat stat_;
  const Millis deadline_;
  std::map<std::string, std::shared_ptr<Call>> stuck_;  // by path
};

}  // namespace telltale
