// SPDX-License-Identifier: Apache-2.0
//
// Alerts of log lines. While Loki is away nothing more is read for it, but an alert must not wait:
// files with an alert stage are read ahead then, for that alone.
#include <algorithm>

#include "sidecar/ship/log_worker.h"

namespace telltale {
namespace {

constexpr std::size_t kScoutBytes = 1 << 20;

bool HasAlerts(const LogSource& source) {
  return source.pipeline && !source.pipeline->alerts().empty();
}

}  // namespace

void LogWorker::RaiseAlerts(const TailedFile& file, const std::vector<AlertHit>& hits) {
  if (hits.empty() || !options_.on_alert) return;
  const auto& pipeline = files_.source(file).pipeline;
  for (const AlertHit& hit : hits) {
    if (hit.offset < file.scouted) continue;
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
void LogWorker::Scout() {
  if (!options_.on_alert || !Full()) return;
  for (const auto& [slot, file] : files_.files()) {
    if (!HasAlerts(files_.source(*file)) || replays_.contains(slot)) continue;
    const ContentMark mark = file->mark;
    const std::uint64_t searched = file->searched;
    const std::string memory = file->memory;
    if (file->scouted > mark.offset) {
      file->mark.offset = file->scouted;
      file->memory = file->scout_memory;
    }
    file->searched = 0;
    while (file->info.size > file->mark.offset) {
      auto batch = builder_.Build(*file, files_.source(*file), kScoutBytes, {.end_blocks = true},
                                  clock_.WallNanos());
      if (!batch || batch->count.lines == 0) break;
      used_ = true;
      RaiseAlerts(*file, batch->alerts);
      file->scouted = file->mark.offset = batch->record.mark.offset;
      file->scout_memory = file->memory = batch->record.memory_after;
    }
    file->mark = mark;
    file->searched = searched;
    file->memory = memory;
  }
}

}  // namespace telltale
