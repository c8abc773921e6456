// SPDX-License-Identifier: Apache-2.0
//
// A FileSet over a folder of its own, and a memory in place of the journal.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "sidecar/discover/file_set.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/discover/fake_history.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {

class FileSetTest : public testing::Test {
 protected:
  FileSetTest() {
    Make();
    Watch({temp_ / "*.log"});
  }

  // A process begins; files that an earlier one had open are closed.
  void Make(LogFileLimits limits = {}) {
    set_.emplace(clock_, history_, limits);
    history_.set = &*set_;
  }
  // What was made up to now was there before the first start of all.
  void FirstStart() {
    Make();
    Watch({temp_ / "*.log"});
  }
  void Drop() {
    set_.reset();
    history_.set = nullptr;
  }
  void Watch(std::vector<std::string> include, std::vector<std::string> exclude = {}) {
    LogSource source;
    source.include = std::move(include);
    source.exclude = std::move(exclude);
    set_->SetSources({source});
    set_->Sweep();
  }
  void Append(const std::string& name, const std::string& text) {
    std::ofstream(temp_ / name, std::ios::app | std::ios::binary) << text;
  }
  void Rename(const std::string& from, const std::string& to) {
    std::filesystem::rename(temp_ / from, temp_ / to);
  }
  // What of the files is unread, oldest generation first.
  std::vector<std::string> Unread() {
    std::vector<std::string> out;
    for (const auto& [file_id, file] : set_->files()) {
      std::string text(file->info.size - file->checkpoint.offset, '\0');
      auto n = file->bytes.ReadAt(text.data(), text.size(), file->checkpoint.offset);
      EXPECT_TRUE(n && *n == text.size());
      out.push_back(text);
    }
    return out;
  }
  void ReadAll() {
    for (const auto& [file_id, file] : set_->files()) {
      file->checkpoint = *MakeCheckpoint(file->bytes, file->info.size);
    }
  }
  TailedFile& First() { return *set_->files().begin()->second; }

  TempFolder temp_;
  FakeClock clock_;
  FakeHistory history_;
  std::vector<std::uint64_t>& truncated_ = history_.truncated;
  std::vector<std::uint64_t>& moved_ = history_.moved;
  std::vector<std::uint64_t>& closed_ = history_.closed;
  std::vector<KnownGeneration>& known_ = history_.known();
  std::optional<FileSet> set_;
};

}  // namespace telltale
