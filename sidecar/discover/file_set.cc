// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/file_set.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>

#include "common/base/log.h"
#include "sidecar/discover/glob.h"

namespace telltale {
namespace {

// A generation that was read to its end stays open: its writer may not have let go of it. Without
// a name it holds disk space, so it goes sooner.
constexpr std::chrono::seconds kKeepUnlinked{10}, kKeepRenamed{600};
constexpr std::size_t kKeepIdle = 64;
// A directory changed twice within the grain of its time stamp looks unchanged: list it again.
constexpr std::int64_t kDirectoryGrain = 2'000'000'000;

bool MatchesAny(const std::vector<std::string>& patterns, const std::string& path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return GlobMatch(pattern, path); });
}

std::size_t FilesAllowed() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, 1 << 20)) / 4 * 3;
}

}  // namespace

FileSet::FileSet(Clock& clock, Hooks hooks, std::size_t max_files)
    : clock_(clock),
      hooks_(std::move(hooks)),
      max_files_(max_files > 0 ? max_files : FilesAllowed()) {}

TailedFile* FileSet::Find(std::uint64_t file_id) const {
  auto found = files_.find(file_id);
  return found == files_.end() ? nullptr : found->second.get();
}

bool FileSet::Settled(const std::string& path) const {
  auto directory = directories_.find(DirectoryOf(path));
  return directory == directories_.end() || !(directory->second.again || directory->second.list);
}

bool FileSet::Settled() const {
  return std::none_of(directories_.begin(), directories_.end(),
                      [](const auto& directory) { return directory.second.again; });
}

int FileSet::SourceOf(const std::string& path) const {
  std::size_t first = sources_.size();
  for (std::string_view root = path; root.size() > 1;) {
    root = ParentOf(root);
    auto there = by_root_.find(root);
    if (there == by_root_.end()) continue;
    for (std::size_t i : there->second) {
      const LogSource& source = sources_[i];
      if (i < first && MatchesAny(source.include, path) && !MatchesAny(source.exclude, path)) {
        first = i;
      }
    }
  }
  return first < sources_.size() ? static_cast<int>(first) : -1;
}

bool FileSet::Excluded(const std::string& path) const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [&](const LogSource& source) { return MatchesAny(source.exclude, path); });
}

void FileSet::SetSources(std::vector<LogSource> sources) {
  sources_ = std::move(sources);
  by_root_.clear();
  for (LogSource& source : sources_) {
    for (auto* patterns : {&source.include, &source.exclude}) {
      std::vector<std::string> plain;
      for (const std::string& pattern : *patterns) {
        if (auto good = CheckGlob(pattern); !good.ok()) {
          LogError("a pattern of log files is left out", {{"error", good.error().message}});
          continue;
        }
        for (std::string& one : GlobAlternatives(pattern)) plain.push_back(std::move(one));
      }
      *patterns = std::move(plain);
    }
    const auto index = static_cast<std::size_t>(&source - sources_.data());
    for (const std::string& pattern : source.include) {
      by_root_[GlobRoot(pattern)].push_back(index);
    }
    for (const std::string& directory : source.link_targets) by_root_[directory];  // for Allowed
  }
  std::vector<std::uint64_t> unwanted;
  for (auto& [file_id, file] : files_) {
    int source = SourceOf(file->path);
    if (source < 0) {
      unwanted.push_back(file_id);
    } else {
      file->source = static_cast<std::size_t>(source);
    }
  }
  for (std::uint64_t file_id : unwanted) Close(file_id, false);
  for (auto& [path, directory] : directories_) {
    directory.list = true;
    directory.trusted = false;
    directory.done.clear();
  }
  warned_.clear();
  waiting_.clear();
}

void FileSet::Sweep() {
  HandleEvents();  // only they tell where an unread generation went
  Look();
}

void FileSet::Look() {
  FindDirectories();
  for (auto& [path, directory] : directories_) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) continue;
    std::int64_t changed = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
    bool recent = clock_.WallNanos() - changed < kDirectoryGrain;
    if (directory.list || directory.again || recent || changed != directory.changed) {
      directory.changed = changed;
      ListDirectory(path);
    }
  }
  std::vector<TailedFile*> all;
  for (auto& [file_id, file] : files_) all.push_back(file.get());
  for (TailedFile* file : all) Refresh(*file);
  CloseFinished();
}

void FileSet::Refresh(TailedFile& file) {
  auto info = StatFile(file.bytes.fd());
  if (!info) return;
  std::uint64_t before = file.info.size;
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
    bool shrank_unread = info->size < before && file.checkpoint.offset == 0;
    auto same = CompareContent(file.bytes, file.known());
    if (file.known().offset == 0 && ContinueInCopy(file)) return;
    if (shrank_unread || (same && !*same)) {
      Restart(file);
      return;
    }
    if (info->size < before) file.arrival_times.Clear();
    if (info->size != before) {
      file.grown = clock_.Steady();
      file.arrival_times.Drop(file.checkpoint.offset);
      file.arrival_times.Note(info->size, clock_.WallNanos(), clock_.Steady());
    }
  }
  file.info = *info;
  NoteSeen(file);
}

void FileSet::NoteSeen(TailedFile& file) {
  if (file.checkpoint.offset > 0 || file.bytes.compressed()) return;
  if (file.info.size <= file.seen.offset) return;
  auto seen = MakeCheckpoint(file.bytes, file.info.size);
  if (!seen) return;  // who reads it will see the error
  file.seen = *seen;
  if (file.first_seen.offset == 0) file.first_seen = file.seen;
  hooks_.seen(file);
}

bool FileSet::CheckContent(TailedFile& file) {
  if (file.bytes.compressed()) return true;
  auto same = CompareContent(file.bytes, file.known());
  if (!same || *same) return true;  // who reads it will see the error
  Restart(file);
  return false;
}

void FileSet::Restart(TailedFile& file) {
  if (ContinueInCopy(file)) return;
  std::uint64_t unread = file.unread() ? file.info.size - file.checkpoint.offset : 0;
  LogInfo("a log file was truncated and is read from its start",
          {{"path", file.path}, {"offset", file.checkpoint.offset}, {"unread_bytes", unread}});
  if (auto info = StatFile(file.bytes.fd())) file.info = *info;
  file.checkpoint = file.seen = file.first_seen = Checkpoint{};
  file.searched = 0;
  file.partial = file.held = false;
  file.memory.clear();
  file.outstanding = 0;
  file.arrival_times.Clear();
  file.grown = clock_.Steady();
  file.arrival_times.Note(file.info.size, clock_.WallNanos(), clock_.Steady());
  auto node = files_.extract(file.file_id);
  hooks_.truncated(file, unread);
  node.key() = file.file_id;
  by_inode_[{file.info.id.device, file.info.id.inode}] = file.file_id;
  NoteSeen(file);
  files_.insert(std::move(node));
}

void FileSet::GiveUp(const TailedFile& file) { Close(file.file_id, true); }

void FileSet::CloseFinished() {
  std::vector<std::uint64_t> idle, done;
  for (auto& [file_id, file] : files_) {
    if (file->unread()) continue;
    file->bytes.Release();
    if (!file->rotated || file->outstanding > 0) continue;
    auto keep = file->info.links == 0 ? kKeepUnlinked : kKeepRenamed;
    bool over = file->bytes.compressed() || clock_.Steady() - file->grown >= keep;
    (over ? done : idle).push_back(file_id);
  }
  for (std::uint64_t file_id : done) Close(file_id, true);
  // Slots ascend with age, so the first are the oldest. None is kept where there is no room.
  std::size_t keep = waiting_.empty() ? kKeepIdle : 0;
  for (std::size_t i = 0; i + keep < idle.size(); ++i) Close(idle[i], true);
}

void FileSet::Close(std::uint64_t file_id, bool finished) {
  auto node = files_.extract(file_id);
  if (node.empty()) return;
  TailedFile& file = *node.mapped();
  by_inode_.erase({file.info.id.device, file.info.id.inode});
  LogInfo(finished ? "done with a rotated log file" : "a log file is no longer wanted",
          {{"path", file.path}, {"offset", file.checkpoint.offset}});
  hooks_.closed(file, finished);
}

}  // namespace telltale
