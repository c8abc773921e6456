// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/real_stage.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/statvfs.h>

#include <array>
#include <filesystem>
#include <numeric>
#include <thread>
#include <utility>

namespace telltale::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds kSweep{1'300};  // of the sidecar, and a little more
constexpr seconds kArrival{40};        // at most, after everything is well again
constexpr int kMostLines = 3'000;      // one query of Loki gives 5000

// Every other plan that loses pushes and answers.
bool OverTls(const LogPlan& plan) {
  return plan.trouble == Trouble::kKillAndErrors && plan.seed % 2 == 1;
}

}  // namespace

RealStage::RealStage(const LogPlan& plan, const TestStore& store)
    : plan_(plan),
      random_(plan.seed, "real"),
      store_(store),
      road_(store, plan.seed, OverTls(plan)) {
  plan_.folder = temp_ / "log";
  std::filesystem::create_directories(plan_.folder);
  LogFiles::Hooks hooks;
  hooks.now = [] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  hooks.changed = [](int, bool) {};
  hooks.renamed = [](const std::string&) {};
  files_ = std::make_unique<LogFiles>(plan_.FileOptions(), hooks);
  shipper_ = std::make_unique<Shipper>(temp_ / "shipper", plan_, road_.url());
}

// Half a line whose end does not come for five seconds is sent as it is.
void RealStage::Pause(Millis time) {
  const auto until = steady_clock::now() + time;
  while (true) {
    const auto now = steady_clock::now();
    if (now - halves_ended_ > std::chrono::seconds(2)) {
      files_->EndHalves();
      halves_ended_ = now;
    }
    if (now >= until) return;
    std::this_thread::sleep_for(std::min<steady_clock::duration>(until - now, Millis(500)));
  }
}

void RealStage::LetItLook() {
  if (!shipper_->up()) return;
  Pause(kSweep);
  files_->Looked();
}

void RealStage::Start() {
  shipper_->Start();
  ++lives_;
}

void RealStage::End() {
  if (!shipper_->up()) return;
  reported_.Add(ReadPage(shipper_->MetricsPage()));
  shipper_->Kill();
  files_->SidecarEnded();
}

// SIGKILL as soon as the journal was written to so many times; it need not be so often.
void RealStage::KillAtJournalWrite(int writes) {
  const UniqueFd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  inotify_add_watch(watch.get(), shipper_->state().c_str(), IN_MODIFY | IN_MOVED_TO);
  files_->Write(random_.Below(files_->writers()), random_.Between(1, 40));
  const auto until = steady_clock::now() + kSweep;
  std::array<char, 4096> events;
  while (writes > 0 && steady_clock::now() < until) {
    pollfd ready{watch.get(), POLLIN, 0};
    if (poll(&ready, 1, 20) > 0 && read(watch.get(), events.data(), events.size()) > 0) --writes;
  }
  shipper_->Kill();
  files_->SidecarEnded();
}

void RealStage::WhileDown() {
  for (int n = random_.Between(0, 3); n > 0; --n) {
    const std::uint64_t kind = random_.Below(3);
    if (kind == 0) files_->Write(random_.Below(files_->writers()), random_.Between(1, 20));
    if (kind == 1 && plan_.rotation != Rotation::kInodeReuse) RotateOne();
    if (kind == 2) files_->AppearAndVanish();
  }
}

void RealStage::RotateOne() {
  const std::size_t writer = random_.Below(files_->writers());
  if (plan_.rotation == Rotation::kSymlinkFlip || plan_.rotation == Rotation::kDelete ||
      files_->copied(writer)) {
    LetItLook();
  }
  if (plan_.rotation != Rotation::kInodeReuse) return files_->Rotate(writer, plan_.rotation);
  if (away_ || !shipper_->up()) return;
  files_->EndHalves();
  LetItLook();
  if (!JudgeNow() || !verdict_.complete()) return;
  End();
  files_->Rotate(writer, Rotation::kInodeReuse);
  files_->Write(writer, random_.Between(0, 10));
  Start();
}

void RealStage::Trouble() {
  switch (plan_.trouble) {
    case Trouble::kKill:
    case Trouble::kKillAndErrors:
      files_->Write(random_.Below(files_->writers()), random_.Between(1, 40));
      Pause(milliseconds(random_.Between(0, 300)));
      End();
      WhileDown();
      return Start();
    case Trouble::kJournalKill:
      KillAtJournalWrite(random_.Between(1, 6));
      WhileDown();
      return Start();
    case Trouble::kStops:
      files_->EndHalves();
      reported_.Add(ReadPage(shipper_->MetricsPage()));
      shipper_->Stop();
      files_->SidecarEnded();
      WhileDown();
      return Start();
    case Trouble::kAway:
      road_.GoAway();
      for (int n = random_.Between(1, 6); n > 0; --n) Act();
      return road_.ComeBack();
    default:
      return;
  }
}

void RealStage::Act() {
  const std::size_t writer = random_.Below(files_->writers());
  const std::uint64_t kind = random_.Below(100);
  const bool full = files_->lines() > kMostLines;
  if (kind < 45 && !full) {
    files_->Write(writer, random_.Between(1, 40));
  } else if (kind < 52 && !full) {
    files_->WriteHalf(writer);
  } else if (kind < 72) {
    RotateOne();
  } else if (kind < 85) {
    Pause(milliseconds(random_.Between(1, 200)));
  } else if (!away_) {
    away_ = plan_.trouble == Trouble::kAway;
    Trouble();
    away_ = false;
  }
}

void RealStage::Run() {
  road_.Misbehave(plan_.trouble == Trouble::kKillAndErrors);
  if (random_.Chance(0.5)) files_->Write(0, random_.Between(1, 50));
  Start();
  // Files that are rotated away before the first scan are not read.
  const auto until = steady_clock::now() + seconds(10);
  while (steady_clock::now() < until && !shipper_->Follows(files_->writers())) {
    Pause(milliseconds(20));
  }
  for (int step = 0; step < plan_.steps; ++step) Act();
  Finish();
}

// VictoriaLogs stores a repeated push once more, and Loki takes none of it. So repeats count apart,
// and the lines are judged without them.
bool RealStage::JudgeNow() {
  Delivered delivered;
  if (!store_.ReadBack(Shipper::LabelOf(plan_), delivered)) return false;
  repeats_ = store_.victoria_logs ? DropRepeats(delivered) : 0;
  verdict_ = Judge(files_->streams(), delivered);
  return true;
}

bool RealStage::MayRepeat() const { return plan_.trouble != Trouble::kStops; }

void RealStage::Finish() {
  road_.Misbehave(false);
  files_->EndHalves();
  const auto until = steady_clock::now() + kArrival;
  do {
    Pause(milliseconds(300));
    JudgeNow();
  } while (!verdict_.complete() && steady_clock::now() < until);
  Pause(kSweep);  // what comes twice comes now
  if (!JudgeNow()) problems_ += "the store does not answer\n";
  if (verdict_.missing + verdict_.doubled + verdict_.misplaced + verdict_.wrong > 0) {
    problems_ += verdict_.Text() + "\n" + shipper_->Log();
  }
  if (repeats_ > 0 && !MayRepeat()) {
    problems_ += std::to_string(repeats_) + " lines were pushed twice\n" + shipper_->Log();
  }
  const Page page = ReadPage(shipper_->MetricsPage());
  problems_ += Imbalance(page);
  reported_.Add(page);
  if (page.contains("telltale_logs_pending_lines") && page.at("telltale_logs_pending_lines") > 0) {
    problems_ += "lines are pending at rest\n";
  }
  std::uint64_t told = 0;
  for (const auto& [reason, bytes] : reported_.bytes) {
    if (reason == "line_too_long") continue;
    told += bytes;
    const bool possible = (reason == "truncated" &&
                           (Truncates(plan_.rotation) || plan_.rotation == Rotation::kMixed)) ||
                          ((reason == "file_gone" || reason == "vanished") && lives_ > 1 &&
                           plan_.rotation != Rotation::kNone);
    if (bytes > 0 && !possible) problems_ += "reported as lost, " + reason + "\n";
  }
  // Of a file that went while the sidecar was down nobody can tell whether it was stored.
  const std::uint64_t uncertain = reported_.bytes["file_gone"] + reported_.bytes["vanished"];
  if (told > verdict_.lost_bytes + uncertain) {
    problems_ += "reported lost bytes: " + std::to_string(told) +
                 ", but lost: " + std::to_string(verdict_.lost_bytes) + "\n" + shipper_->Log();
  }
}

}  // namespace telltale::faults
