// SPDX-License-Identifier: Apache-2.0
//
// One process per state folder: two that share a journal would send every line twice. The lock is
// flock(2) on the file `lock` in the folder, so it ends with its process, however that ends.
// Owned by LogPipeline, on its worker's thread.
#pragma once

#include <optional>
#include <string>

#include "common/base/files.h"

namespace telltale {

class StateLock {
 public:
  // An empty directory needs no lock.
  explicit StateLock(std::string directory) : directory_(std::move(directory)) {}

  // False while another process has the folder; the first time with a warning that names it. True
  // as well when no lock can be made there: the journal will report the same disk error.
  bool TryLock();

  // The name of the process that has `directory` now; nothing if none has, or if we may not look.
  static std::optional<std::string> Holder(const std::string& directory);

 private:
  std::string directory_;
  UniqueFd fd_;
  bool warned_ = false;
};

}  // namespace telltale
