// SPDX-License-Identifier: Apache-2.0
// LogStage, second part: its ends, its rotations and its troubles.
#include <fcntl.h>

#include <filesystem>
#include <utility>

#include "tests/faults/logs/file_times.h"
#include "tests/faults/logs/log_stage.h"

namespace telltale::faults {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Requests are under way, stored or not, when it ends.
void LogStage::KillUnderWay() {
  if (random_.Chance(0.6)) {
    stores_silently_ = random_.Chance(0.5);
    enough_pushes_ = pushes_ + random_.Below(3);
    silent_ = true;
    files_->Write(random_.Below(files_->writers()), random_.Between(1, 30));
    Pass(milliseconds(random_.Between(1, 1'500)));
  }
  End();
  silent_ = false;
}

void LogStage::WhileDown() {
  for (int n = random_.Between(0, 4); n > 0; --n) {
    const std::uint64_t kind = random_.Below(4);
    Say(kind == 0 ? "pass" : kind == 1 ? "write" : kind == 2 ? "rotate" : "noise");
    if (kind == 0) clock_.Advance(milliseconds(random_.Between(1, 60'000)));
    if (kind == 1) files_->Write(random_.Below(files_->writers()), random_.Between(1, 20));
    if (kind == 2 && plan_.rotation != Rotation::kInodeReuse) RotateOne();
    if (kind == 3) files_->AppearAndVanish();
  }
}

void LogStage::RotateOne() {
  const std::size_t writer = random_.Below(files_->writers());
  if (plan_.rotation != Rotation::kInodeReuse) {
    // Nothing but the journal knows how a file began that is copied and truncated.
    const bool copies = Truncates(plan_.rotation) || plan_.rotation == Rotation::kMixed;
    if (copies && !plan_.exact() && sidecar_) Pass(milliseconds(1'100));
    files_->Rotate(writer, plan_.rotation);
    // Nothing but the journal knows where a link led to.
    if (plan_.rotation == Rotation::kSymlinkFlip && !plan_.exact()) Pass(seconds(2));
    return;
  }
  // What is deleted must have arrived, and nobody may hold the inode.
  if (away_ || disk_.failing() || !sidecar_) return;
  files_->EndHalves();
  refused_tenant_ = -1;
  patient_ = true;
  Pass(seconds(15));
  patient_ = false;
  if (!sidecar_ || !JudgeNow(false).complete()) return;
  End();
  files_->Rotate(writer, Rotation::kInodeReuse);
  files_->Write(writer, random_.Between(0, 10));
  clock_.Advance(milliseconds(random_.Between(1, 5'000)));
  Start();
}

void LogStage::Trouble() {
  switch (plan_.trouble) {
    case Trouble::kKill:
    case Trouble::kKillAndErrors:
      KillUnderWay();
      WhileDown();
      return Start();
    case Trouble::kPowerCut: {
      KillUnderWay();
      const off_t synced = disk_.synced();
      std::error_code none;
      const std::string journal = options_.state_dir + "/journal";
      if (std::filesystem::file_size(journal, none) > static_cast<std::uintmax_t>(synced)) {
        std::filesystem::resize_file(journal, static_cast<std::uintmax_t>(synced), none);
        const UniqueFd fd(::open(journal.c_str(), O_RDONLY | O_CLOEXEC));
        SetFileTimes(fd.get(), false, disk_.synced_at());
      }
      WhileDown();
      return Start();
    }
    case Trouble::kStops:
      Stop();
      WhileDown();
      return Start();
    case Trouble::kJournalKill:
      return disk_.KillAfter(random_.Below(15));
    case Trouble::kJournalErrors:
      return disk_.Fail(disk_.failing() ? 0 : random_.Chance(0.5) ? ENOSPC : EIO);
    case Trouble::kAway:
      away_ = !away_;
      if (!away_) return loki_.ComeBack();
      loki_.GoDown();
      if (random_.Chance(0.3)) Pass(seconds(random_.Between(60, 7'200)), seconds(20));
      return;
    case Trouble::kClock: {
      // Only their times tell the order of compressed files that are not opened yet.
      if (plan_.rotation == Rotation::kKubelet) Pass(seconds(10), seconds(1));
      // One that goes back by more than five minutes at once breaks the order, and is meant to.
      const std::int64_t to = random_.Between(-145, 145) * std::int64_t{1'000'000'000};
      clock_.SetWallNanos(clock_.WallNanos() + to - std::exchange(clock_set_, to));
      return;
    }
    default:
      return;
  }
}

}  // namespace telltale::faults
