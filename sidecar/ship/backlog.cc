// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/backlog.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <vector>

namespace telltale {
namespace {

constexpr std::string_view kBehind = "telltale_logs_behind_bytes";
constexpr std::string_view kBehindHelp =
    "Bytes of log files that are not read yet, of the current file and of the rotated ones.";
constexpr std::string_view kOthers = "(others)";

Labels LabelsOf(const std::string& path, std::string_view generation) {
  return {{"generation", std::string(generation)}, {"path", path}};
}

}  // namespace

Backlog::Backlog(Registry& registry, Clock& clock)
    : registry_(registry),
      clock_(clock),
      deleted_bytes_(registry.AddGauge("telltale_logs_deleted_bytes",
                                       "Bytes on disk of deleted log files that are kept open.")),
      vanished_(
          registry.AddCounter("telltale_logs_vanished_files_total",
                              "Log files that were moved out of sight or deleted before they "
                              "were read: since an earlier process, or closed as unchanged.")),
      latency_(registry.AddHistogram(
          "telltale_logs_entry_propagation_latency_seconds",
          "From a line's own time, or else from when it was first seen, to Loki's acknowledgement; "
          "of long batches every so many lines.",
          {0.05, 0.1, 0.3, 1, 3, 10, 60, 600, 3600})) {
  for (std::size_t i = 0; i < kFileStates.size(); ++i) {
    files_[i] = &registry.AddGauge(
        "telltale_logs_files",
        "Log files that are known, by state: current, rotated and deleted ones are open; idle ones "
        "are read to their end and closed until they change.",
        {{"state", std::string(kFileStates[i])}});
  }
  for (std::size_t i = 0; i < unread_.size(); ++i) {
    const auto reason = static_cast<UnreadReason>(i);
    unread_[i] =
        &registry.AddGauge("telltale_logs_files_unread",
                           "Log files and directories that are wanted and not read, by reason.",
                           {{"reason", std::string(UnreadReasonName(reason))}});
  }
}

void Backlog::PublishFiles(const FileCounts& counts) {
  const auto files = counts.by_state();
  for (std::size_t i = 0; i < files.size(); ++i) files_[i]->Set(static_cast<double>(files[i]));
  for (std::size_t i = 0; i < unread_.size(); ++i) {
    unread_[i]->Set(static_cast<double>(counts.unread[static_cast<UnreadReason>(i)]));
  }
  deleted_bytes_.Set(static_cast<double>(counts.deleted_bytes));
}

void Backlog::Delivered(const TimeSample& times) {
  std::int64_t now = clock_.WallNanos();
  times.ForEach([&](std::int64_t time, std::uint64_t lines) {
    latency_.Observe(std::max(static_cast<double>(now - time) / 1e9, 0.0), lines);
  });
}

void Backlog::Update(const FileSet& files) {
  bool behind = std::any_of(files.files().begin(), files.files().end(),
                            [](const auto& file) { return file.second->unread(); });
  bool caught_up = behind_ && !behind;
  if (files.files().size() != open_) PublishFiles(files.counts());
  open_ = files.files().size();
  if (clock_.Steady() < next_ && !caught_up) return;
  behind_ = behind;
  next_ = clock_.Steady() + std::chrono::seconds(1);
  std::map<std::string, Path> paths;
  for (const auto& [file_id, file] : files.files()) {
    bool others = paths.size() >= kMaxPaths && !paths.contains(file->path);
    Path& path = paths[others ? std::string(kOthers) : file->path];
    std::uint64_t bytes = file->unread() ? file->info.size - file->checkpoint.offset : 0;
    if (file->checkpoint.offset == 0) bytes += BytesOf(file->carried_partial);
    (file->rotated ? path.rotated : path.current) += bytes;
  }
  PublishFiles(files.counts());
  Publish(paths);
}

void Backlog::Publish(const std::map<std::string, Path>& paths) {
  std::erase_if(series_, [&](const auto& series) {
    if (paths.contains(series.first)) return false;
    registry_.Remove(kBehind, LabelsOf(series.first, "current"));
    registry_.Remove(kBehind, LabelsOf(series.first, "rotated"));
    return true;
  });
  for (const auto& [path, bytes] : paths) {
    auto [series, made] = series_.try_emplace(path);
    if (made) {
      series->second = {&registry_.AddGauge(kBehind, kBehindHelp, LabelsOf(path, "current")),
                        &registry_.AddGauge(kBehind, kBehindHelp, LabelsOf(path, "rotated"))};
    }
    series->second.current->Set(static_cast<double>(bytes.current));
    series->second.rotated->Set(static_cast<double>(bytes.rotated));
  }
}

}  // namespace telltale
