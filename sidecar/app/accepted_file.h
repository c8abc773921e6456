// SPDX-License-Identifier: Apache-2.0
//
// AcceptedFile: a file that another program reads, and beside it (PATH.accepted) the last content
// that the program accepted. A content is offered, and then accepted or taken back; a process that
// was killed between the two finds on disk what was accepted. The files are readable for everybody.
// Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

class AcceptedFile {
 public:
  explicit AcceptedFile(std::string path);

  // So that the program can start: the file is made of `content` if it is missing, and is what was
  // accepted, if anything was, in place of an offer that nobody decided about.
  Status Prepare(std::string_view content);
  Status Offer(std::string_view content);
  // The last offer.
  Status Accept();
  // Puts back what was accepted; false when nothing was, and the offer stays.
  //
  // Promtail compares a configuration with the last one that it loaded, and does nothing when it
  // has not changed, even if it runs nothing since it refused another one. So each restored text
  // differs from the one before in a setting that makes no difference: how often it looks for
  // files, in 10 s and some milliseconds.
  Result<bool> Restore();

 private:
  const std::string path_, accepted_path_;
  std::string offer_;
  int restored_ = 0;
};

}  // namespace telltale
