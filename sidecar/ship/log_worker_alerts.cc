// SPDX-License-Identifier: Apache-2.0
//
// Alerts of log lines. While Loki is away nothing more is read for it, but an alert must not wait:
// files with an alert stage are read ahead then, for that alone.
#include <algorithm>

#include "sidecar/ship/log_worker.h"

namespace telltale {
namespace {

constexpr std::size_t kReadAheadBytes = 1 << 20;

bool HasAlerts(const LogSource& source) {
  return source.pipeline && !source.pipeline->alerts().empty();
}

}  // namespace

void LogWorker::RaiseAlerts(const TailedFile& file, const std::vector<AlertHit>& hits) {
  if (hits.empty() || !options_.on_alert) return;
  const auto& pipeline = files_.source(file).pipeline;
  for (const AlertHit& hit : hits) {
    if (hit.offset < file.alerts_read_to) continue;
    const AlertSpec& spec = pipeline->alerts()[hit.alert];
    LogAlert alert{spec.name, hit.stream, spec.annotations, spec.quiet_ms};
    for (const auto& [name, value] : spec.labels) SetLabel(alert.labels, name, value);
    SetLabel(alert.labels, "alertname", spec.name);
    if (FindLabel(alert.annotations, "line") == nullptr) {
      SetLabel(alert.annotations, "line", hit.line);
    }
    options_.on_alert(std::move(alert));
  }
}

// Lines of a younger generation wait until the older one was read; there are few at such a time.
void LogWorker::ReadAheadForAlerts() {
  if (!options_.on_alert || !Full()) return;
  for (const auto& [file_id, file] : files_.files()) {
    if (!HasAlerts(files_.source(*file)) || replays_.contains(file_id)) continue;
    const Checkpoint checkpoint = file->checkpoint;
    const std::uint64_t searched = file->searched;
    const std::string memory = file->memory;
    if (file->alerts_read_to > checkpoint.offset) {
      file->checkpoint.offset = file->alerts_read_to;
      file->memory = file->alerts_memory;
    }
    file->searched = 0;
    while (file->info.size > file->checkpoint.offset) {
      auto batch = builder_.Build(*file, files_.source(*file), kReadAheadBytes,
                                  {.end_blocks = true}, clock_.WallNanos());
      if (!batch || batch->count.lines == 0) break;
      used_ = true;
      RaiseAlerts(*file, batch->alerts);
      file->alerts_read_to = file->checkpoint.offset = batch->record.checkpoint.offset;
      file->alerts_memory = file->memory = batch->record.memory_after;
    }
    file->checkpoint = checkpoint;
    file->searched = searched;
    file->memory = memory;
  }
}

}  // namespace telltale
