// SPDX-License-Identifier: Apache-2.0
//
// A FileSet whose files rest until they are closed.
#pragma once

#include <chrono>
#include <string>

#include "tests/unit/sidecar/discover/file_set_fixture.h"

namespace telltale {

class FileSetIdleTest : public FileSetTest {
 protected:
  void See(const std::string& name, const std::string& text) {
    Append(name, text);
    set_->HandleEvents();
  }
  void Pass(std::chrono::seconds time) {
    for (auto left = time; left.count() > 0; left -= std::chrono::seconds(1)) {
      clock_.Advance(std::chrono::seconds(1));
      set_->Sweep();
    }
  }
  void Rest() {
    ReadAll();
    Pass(std::chrono::seconds(620));
  }
};

}  // namespace telltale
