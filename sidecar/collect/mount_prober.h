// SPDX-License-Identifier: Apache-2.0
//
// Asks a filesystem for its size without being caught by one that does not answer: statvfs on an
// NFS mount whose server is away blocks for ever and cannot be interrupted. Such a call is made on
// a thread of its own; when that does not come back in time it is left behind, the mount counts as
// stuck and is not asked again until the call returns. So a stuck mount costs one sleeping thread.
//
// Used by the filesystem collector, on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

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
  // `budget` bounds what all Probe calls between two Begin calls wait for.
  explicit MountProber(Stat stat = StatFilesystem, Millis budget = Millis(2'000));

  void Begin() { left_ = budget_; }
  // kTimeout when the filesystem did not answer; other errors are its own.
  Result<FilesystemUsage> Probe(const std::string& path, bool may_hang);

 private:
  struct Call;
  const Stat stat_;
  const Millis budget_;
  std::chrono::steady_clock::duration left_;
  std::map<std::string, std::shared_ptr<Call>> stuck_;
};

}  // namespace telltale
