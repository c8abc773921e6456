// SPDX-License-Identifier: Apache-2.0
//
// A memory in place of the journal: what a FileSet began, closed and lost, by the order it came.
// One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/discover/file_history.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {

class FakeHistory final : public FileHistory {
 public:
  bool Recall(TailedFile& file) override {
    for (const KnownGeneration& known : known_) {
      if (set != nullptr && set->Find(known.file_id) != nullptr) continue;
      if (known.id == file.info.id && ContentMatches(file.bytes, known.checkpoint)) {
        return Continue(file, known);
      }
    }
    return false;
  }
  void Begin(TailedFile& file) override {
    file.file_id = next_id_++;
    if (on_begin) on_begin(file);
  }
  bool Resume(TailedFile& file, std::uint64_t file_id) override {
    for (const KnownGeneration& known : known_) {
      if (known.file_id == file_id) return Continue(file, known);
    }
    return false;
  }
  void Fingerprinted(const TailedFile&) override {}
  void Truncated(TailedFile& file, std::uint64_t unread) override {
    file.file_id = next_id_++;
    truncated.push_back(unread);
  }
  void Moved(const TailedFile&, std::uint64_t missing) override { moved.push_back(missing); }
  void Lost(TailedFile& file, std::string_view reason) override {
    lost.emplace_back(reason, file.info.size - file.checkpoint.offset);
  }
  void Closed(const TailedFile& file, CloseReason reason) override {
    (reason == CloseReason::kIdle ? idle : closed).push_back(file.file_id);
    if (reason == CloseReason::kUnwanted) return;
    Remember(file, reason == CloseReason::kFinished);
  }
  void Gone(std::uint64_t file_id) override {
    std::erase_if(known_, [&](const auto& known) { return known.file_id == file_id; });
  }
  void VanishedUnread(const std::string& path) override { vanished.push_back(path); }
  // Those of the folder that are known from before, and what is open.
  std::vector<KnownGeneration> Known(const std::string& directory) const override {
    if (on_known) std::exchange(on_known, {})();
    std::vector<KnownGeneration> out;
    for (const KnownGeneration& known : known_) {
      if (DirectoryOf(known.path) == directory) out.push_back(known);
    }
    for (KnownGeneration& known : out) {
      known.open = set != nullptr && set->Find(known.file_id) != nullptr;
      known.present = !known.open && set != nullptr && set->Knows(known.file_id);
    }
    if (set == nullptr) return out;
    for (const auto& [file_id, file] : set->files()) {
      auto same = [&, id = file_id](const auto& known) { return known.file_id == id; };
      if (DirectoryOf(file->path) != directory || std::any_of(out.begin(), out.end(), same))
        continue;
      out.push_back({.file_id = file_id,
                     .path = file->path,
                     .id = file->info.id,
                     .checkpoint = file->known(),
                     .open = true});
    }
    return out;
  }
  std::vector<KnownGeneration> Missing() const override {
    std::vector<KnownGeneration> out;
    for (const KnownGeneration& known : known_) {
      if (!known.finished && (set == nullptr || !set->Knows(known.file_id))) out.push_back(known);
    }
    return out;
  }
  std::int64_t last_scan() const override { return scan; }

  void Remember(const TailedFile& file, bool finished) {
    std::erase_if(known_, [&](const auto& known) { return known.file_id == file.file_id; });
    known_.push_back({.file_id = file.file_id,
                      .path = file.path,
                      .id = file.info.id,
                      .checkpoint = file.checkpoint,
                      .finished = finished});
  }
  void SetKnown(std::vector<KnownGeneration> known) { known_ = std::move(known); }
  std::vector<KnownGeneration>& known() { return known_; }

  const FileSet* set = nullptr;
  std::function<void(TailedFile&)> on_begin;
  mutable std::function<void()> on_known;  // called once: a directory's names were just listed
  std::vector<std::uint64_t> truncated, moved, closed, idle;
  std::vector<std::pair<std::string, std::uint64_t>> lost;
  std::vector<std::string> vanished;
  std::int64_t scan = 0;

 private:
  static bool Continue(TailedFile& file, const KnownGeneration& known) {
    file.file_id = known.file_id;
    file.path = known.path;
    file.checkpoint = known.checkpoint;
    return true;
  }

  std::vector<KnownGeneration> known_;
  std::uint64_t next_id_ = 1;
};

}  // namespace telltale
