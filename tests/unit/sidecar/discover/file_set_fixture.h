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
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {

class FileSetTest : public testing::Test {
 protected:
  FileSetTest() {
    hooks_.recall = [this](TailedFile& file) {
      for (const KnownGeneration& known : known_) {
        if (set_->Find(known.file_id) != nullptr) continue;
        if (known.id == file.info.id && ContentMatches(file.bytes, known.checkpoint)) {
          return Continue(file, known);
        }
      }
      return false;
    };
    hooks_.resume = [this](TailedFile& file, std::uint64_t file_id) {
      for (const KnownGeneration& known : known_) {
        if (known.file_id == file_id) return Continue(file, known);
      }
      return false;
    };
    hooks_.begun = [this](TailedFile& file) { file.file_id = next_slot_++; };
    hooks_.truncated = [this](TailedFile& file, std::uint64_t unread) {
      file.file_id = next_slot_++;
      truncated_.push_back(unread);
    };
    hooks_.seen = [](const TailedFile&) {};
    hooks_.moved = [this](const TailedFile&, std::uint64_t missing) { moved_.push_back(missing); };
    hooks_.closed = [this](const TailedFile& file, bool) { closed_.push_back(file.file_id); };
    hooks_.known = [this](const std::string& directory) {
      auto out = directory == temp_.path() ? known_ : std::vector<KnownGeneration>{};
      for (KnownGeneration& known : out) known.open = set_->Find(known.file_id) != nullptr;
      if (directory != temp_.path()) return out;
      for (const auto& [file_id, file] : set_->files()) {
        auto same = [&, file_id = file_id](const auto& known) { return known.file_id == file_id; };
        if (std::any_of(out.begin(), out.end(), same)) continue;
        out.push_back({file_id, file->path, file->info.id, file->known(), true, false});
      }
      return out;
    };
    hooks_.alive = [this] { return alive_; };
    set_.emplace(clock_, hooks_);
    Watch({temp_ / "*.log"});
  }

  void Watch(std::vector<std::string> include, std::vector<std::string> exclude = {}) {
    LogSource source;
    source.include = std::move(include);
    source.exclude = std::move(exclude);
    set_->SetSources({source});
    set_->Sweep();
  }
  static bool Continue(TailedFile& file, const KnownGeneration& known) {
    file.file_id = known.file_id;
    file.path = known.path;
    file.checkpoint = known.checkpoint;
    return true;
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
  std::uint64_t next_slot_ = 1;
  std::vector<std::uint64_t> truncated_, moved_, closed_;
  std::vector<KnownGeneration> known_;
  std::int64_t alive_ = 0;
  FileSet::Hooks hooks_;
  std::optional<FileSet> set_;
};

}  // namespace telltale
