// SPDX-License-Identifier: Apache-2.0
//
// The shop's log: lines of `2006-01-02 15:04:05 <text>` at the end of a file and on stdout. When
// the file was moved away or removed, a new one is begun; when it was emptied, lines go to its new
// end. So logrotate works with create and with copytruncate. One thread.
#pragma once

#include <ctime>
#include <string>

#include "common/base/files.h"

namespace shop {

class ShopLog {
 public:
  // An empty path: stdout only.
  explicit ShopLog(std::string path);

  void Write(const std::string& text, std::time_t now);

 private:
  bool FileIsStillThere() const;
  void Open();

  const std::string path_;
  telltale::UniqueFd file_;
  bool complained_ = false;
};

}  // namespace shop
