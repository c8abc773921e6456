// SPDX-License-Identifier: Apache-2.0
//
// How FileSet watches the files that are open, and when it closes them.

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "common/base/log.h"
#include "sidecar/discover/file_opener.h"
#include "sidecar/discover/file_set.h"
#include "sidecar/discover/path_parts.h"

namespace telltale {
namespace {

// A rotated file that was read to its end stays open for its writer, who may go on with it. A
// deleted one is lost once it is closed, but holds disk space.
constexpr std::chrono::seconds kKeepDeleted{60}, kKeepRenamed{600};
// Of rotated files that are read to their end so many stay open.
constexpr std::size_t kKeepFinished = 64;
// Bytes without a line end are searched again after a change, at most so many a second: a long line
// that grows slowly, or a file laid out beforehand, must not cost a core.
constexpr double kSearchRate = 16e6;
// A change of a mapped file may change neither its size nor its time for long.
constexpr std::chrono::seconds kSearchAnyway{10};
// So far the text of a file that ends in NULs is looked at.
constexpr std::size_t kTextOfPreallocated = 4096;

// How far an unread file's content can be used to know the file again. A preallocated file ends in
// NULs, which text will replace, so only what is before its first NUL counts.
std::uint64_t FingerprintEnd(const FileBytes& bytes, std::uint64_t size) {
  char last = 0;
  const auto end = bytes.ReadAt(&last, 1, size - 1);
  if (!end || *end != 1 || last != '\0') return size;
  std::array<char, kTextOfPreallocated> head;
  const auto n = bytes.ReadAt(head.data(), std::min<std::uint64_t>(size, head.size()), 0);
  if (!n) return size;
  const auto text = head.begin() + static_cast<std::ptrdiff_t>(*n);
  return static_cast<std::uint64_t>(std::find(head.begin(), text, '\0') - head.begin());
}

}  // namespace

void FileSet::Refresh(TailedFile& file) {
  auto info = StatFile(file.bytes.fd());
  if (!info) return;
  const std::uint64_t before = file.info.size;
  if (file.bytes.compressed()) {
    // What it holds does not change; how much that is may be known better now.
    info->size = file.bytes.UncompressedSize();
    if (info->size != before) file.grown = clock_.Steady();
    file.info = *info;
    return;
  }
  if (info->size != before || info->modified != file.info.modified) {
    // Checked with every change, so that it is known what was there when it was truncated, and
    // that it was when it has grown to the same size since.
    auto same = CompareContent(file.bytes, file.known());
    if (file.known().offset == 0 && ContinueInCopy(file)) return;
    if (same && *same && info->size > before && RegrewAlike(file)) return;
    if (same && !*same) {
      Restart(file);
      return;
    }
    // Lines that are written into a part that was there, and searched, come now.
    const bool filled = info->size == before && file.searched >= before && file.unread();
    if (info->size < before || filled) file.arrival_times.Clear();
    // Half a line that was written into a part that was there begins to wait now.
    if (info->size != before || file.unread()) file.grown = clock_.Steady();
    if (info->size != before || filled) {
      file.arrival_times.Drop(file.checkpoint.offset);
      file.arrival_times.Note(info->size, clock_.WallNanos(), clock_.Steady());
    }
    file.rewritten = true;
  }
  file.info = *info;
  if (before < kFormatBytes && info->size > before && DropIfForeign(file)) return;
  SearchAgain(file);
  NoteFingerprint(file);
}

// Before younger files are opened: one that was truncated begins a new generation, and these are
// numbered by age.
void FileSet::RefreshIn(const std::string& directory) {
  for (TailedFile* file : open_.In(directory)) Refresh(*file);
}

// What was searched for a line end may hold one now: the end of the file was cut off and written
// anew, or a part that was laid out beforehand was filled.
void FileSet::SearchAgain(TailedFile& file) const {
  const SteadyTime now = clock_.Steady();
  if (file.searched <= file.checkpoint.offset) {
    file.rewritten = false;
    file.searched_since = now;
    return;
  }
  const bool due = file.rewritten || now - file.searched_since >= kSearchAnyway;
  // Lines of a rotated file come before those of the next one, so it does not wait.
  const bool waits = now < file.search_again_at && !file.rotated;
  if (file.searched <= file.info.size && (!due || waits)) return;
  const auto bytes = static_cast<double>(file.searched - file.checkpoint.offset);
  file.search_again_at =
      now + std::chrono::nanoseconds(static_cast<std::int64_t>(bytes / kSearchRate * 1e9));
  file.searched_since = now;
  file.searched = file.checkpoint.offset;
  file.rewritten = false;
}

void FileSet::NoteFingerprint(TailedFile& file) {
  if (file.checkpoint.offset > 0 || file.bytes.compressed()) return;
  if (file.info.size <= file.fingerprint.offset) return;
  const std::uint64_t end = FingerprintEnd(file.bytes, file.info.size);
  if (end <= file.fingerprint.offset) return;
  auto fingerprint = MakeCheckpoint(file.bytes, end);
  if (!fingerprint) return;  // the next read meets the error
  file.fingerprint = *fingerprint;
  if (file.first_fingerprint.offset == 0) file.first_fingerprint = file.fingerprint;
  history_.Fingerprinted(file);
}

// A program that compresses or writes UTF-16 makes its file empty and fills it.
bool FileSet::DropIfForeign(TailedFile& file) {
  if (file.checkpoint.offset > 0) return false;
  const auto foreign = FindForeignFormat(file.bytes);
  if (!foreign) return false;
  const std::string path = file.found_at;
  const std::uint64_t file_id = file.file_id;
  Close(file_id, CloseReason::kUnwanted, false);
  history_.Gone(file_id);  // nothing of it will be missed
  discovery_.NoteUnread(foreign->reason, path, foreign->name);
  return true;
}

// Everything in it is read and acknowledged.
bool FileSet::MayRest(const TailedFile& file) const {
  return !file.unread() && file.outstanding == 0 && file.carried_partial.empty() &&
         file.info.links > 0;
}

void FileSet::CloseFinished() {
  const SteadyTime now = clock_.Steady();
  std::vector<std::uint64_t> idle, finished, done;
  for (const auto& [file_id, file] : open_.by_id()) {
    if (file->unread()) continue;
    file->bytes.Release();
    if (file->outstanding > 0) continue;
    if (!file->rotated) {
      if (MayRest(*file) && now - file->grown >= kIdleAfter) idle.push_back(file_id);
      continue;
    }
    const auto keep = file->info.links == 0 ? kKeepDeleted : kKeepRenamed;
    const bool over = file->bytes.compressed() || now - file->grown >= keep;
    (over ? done : finished).push_back(file_id);
  }
  for (std::uint64_t file_id : idle) Close(file_id, CloseReason::kIdle, true);
  for (std::uint64_t file_id : done) Close(file_id, CloseReason::kFinished, true);
  // File ids ascend with age, so the first are the oldest. None is kept where there is no room.
  const std::size_t keep = discovery_.unread()[UnreadReason::kLimit] == 0 ? kKeepFinished : 0;
  for (std::size_t i = 0; i + keep < finished.size(); ++i) {
    Close(finished[i], CloseReason::kFinished, true);
  }
  LetGoDeleted();
}

// Deleted files may hold so much disk space and no more: the oldest go first, unread or not.
void FileSet::LetGoDeleted() {
  if (max_deleted_bytes_ == 0) return;
  std::uint64_t held = 0;
  for (const auto& [file_id, file] : open_.by_id()) {
    if (file->info.links == 0) held += file->info.allocated;
  }
  for (TailedFile* file : open_.All()) {
    if (held <= max_deleted_bytes_) return;
    if (file->info.links > 0) continue;
    held -= file->info.allocated;
    if (file->unread()) {
      LogWarn(
          "a deleted log file is let go before it was read, because deleted files hold more disk "
          "space than logLimits.deletedBytes: its rest is lost",
          {{"path", file->path},
           {"offset", file->checkpoint.offset},
           {"bytes", file->info.size - file->checkpoint.offset},
           {"limit", max_deleted_bytes_}});
      history_.Lost(*file, "deleted_limit");
    }
    Close(file->file_id, CloseReason::kFinished, false);
  }
}

// `keep_known`: if it has a name, it is opened again when it changes.
void FileSet::Close(std::uint64_t file_id, CloseReason reason, bool keep_known) {
  auto file = open_.Take(file_id);
  if (!file) return;
  LogInfo(reason == CloseReason::kFinished ? "done with a rotated log file"
          : reason == CloseReason::kIdle   ? "an unchanged log file is closed until it changes"
                                           : "a log file is no longer wanted",
          {{"path", file->path}, {"offset", file->checkpoint.offset}});
  history_.Closed(*file, reason);
  if (keep_known && KeepAsIdle(*file, reason)) return;
  if (reason != CloseReason::kUnwanted) history_.Gone(file_id);
}

bool FileSet::KeepAsIdle(const TailedFile& file, CloseReason reason) {
  auto info = StatFile(file.bytes.fd());
  if (!info || info->links == 0) return false;
  const std::string path =
      reason == CloseReason::kIdle ? file.found_at : RealPathOf(file.bytes.fd());
  if (discovery_.Find(ParentOf(path)) == nullptr) return false;
  IdleFile idle{.file_id = file.file_id,
                .id = file.info.id,
                .size = file.info.size,
                .modified = file.info.modified,
                .target = TargetOf(path, file.bytes.fd())};
  if (file.bytes.compressed()) {
    idle.size = info->size;
    idle.modified = info->modified;
  }
  idle_.Add(path, idle);
  return true;
}

}  // namespace telltale
