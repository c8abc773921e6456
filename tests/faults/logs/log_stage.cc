// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_stage.h"

#include <fcntl.h>

#include <filesystem>
#include <utility>

#include "tests/faults/logs/file_times.h"

namespace telltale::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Nothing waits so long when all is well, not even on a busy machine.
constexpr seconds kPatience{30};

FakeLoki::Options LokiOptions(const FakeClock& clock) {
  FakeLoki::Options options;
  options.limits = LokiLimits();
  // Of no use while time stands still.
  options.limits.rate = options.limits.stream_rate = 0;
  options.now = [&clock] { return clock.WallNanos(); };
  return options;
}

}  // namespace

LogStage::LogStage(std::uint64_t seed)
    : plan_(seed), random_(seed, "stage"), disk_(clock_), loki_(LokiOptions(clock_)) {
  plan_.folder = temp_ / "log";
  std::filesystem::create_directories(plan_.folder);
  LogFiles::Hooks hooks;
  hooks.now = [this] { return clock_.WallNanos(); };
  hooks.changed = [this](int fd, bool created) {
    clock_.Advance(std::chrono::microseconds(1));  // no two changes at the same time
    SetFileTimes(fd, created, clock_.WallNanos());
  };
  hooks.renamed = [this](const std::string& folder) { SetFolderTime(folder, clock_.WallNanos()); };
  files_ = std::make_unique<LogFiles>(plan_.FileOptions(), hooks);
  options_.loki_url = loki_.url();
  options_.state_dir = temp_ / "state";
  options_.batch_bytes = plan_.batch_bytes;
  options_.batch_wait = milliseconds(random_.Between(10, 1'000));
  options_.retry_initial = milliseconds(1);
  options_.retry_cap = milliseconds(2);
  options_.request_timeout = plan_.trouble == Trouble::kTimeouts ? milliseconds(15) : kPatience;
  source_.include = {files_->include()};
  source_.labels = {{"app", "shop"}, {"namespace", "n"}};
  ChooseFaults();
  loki_.KeepNoPushes();
  loki_.SetHandler([this](const FakeLoki::Push& push) { return Reply(push); });
}

LogStage::~LogStage() {
  sidecar_.reset();
  ForgetFileTimes();
}

void LogStage::ChooseFaults() {
  faults_.seed = plan_.seed;
  faults_.share = 0.3;
  using F = LokiFaults;
  switch (plan_.trouble) {
    case Trouble::kErrors:
    case Trouble::kKillAndErrors:
      faults_.kinds = {F::kBlocked260,     F::kUnauthorized401, F::kError500, F::kUnavailable503,
                       F::kStoreThenError, F::kStoreThenClose,  F::kClose,    F::kCutAnswer,
                       F::kReset,          F::kGarbage};
      return;
    case Trouble::kTimeouts:
      faults_.share = 0.15;
      faults_.kinds = {F::kStoreThenHang, F::kHang, F::kDrip};
      return;
    case Trouble::kPartial:
      faults_.kinds = {F::kPartial400};
      return;
    case Trouble::kLimits:
      faults_.kinds = {F::kTooLarge413, F::kTenantLimit429, F::kStreamLimit429};
      return;
    default:
      faults_.kinds = {};
  }
}

FakeLoki::Reply LogStage::Reply(const FakeLoki::Push& push) {
  const std::uint64_t number = pushes_++;
  FakeLoki::Reply reply;
  if (silent_) {
    reply.then = FakeLoki::Reply::Then::kHang;
    reply.store = stores_silently_;
    reply.status = reply.store ? 204 : 500;
  } else if (misbehaves_) {
    reply = faults_.ReplyTo(number, push);
    reply.headers.clear();  // Retry-After is in whole, real seconds
    reply.drip = milliseconds(1);
  }
  return reply;
}

bool LogStage::Waits() {
  if (away_) return false;
  if (silent_) {
    if (pushes_ >= enough_pushes_) return false;
  }
  if (std::chrono::steady_clock::now() < patience_) return true;
  Check(silent_, "the sender got no answer from a Loki that gives one");
  return false;
}

void LogStage::Step() {
  if (!sidecar_) return;
  patience_ = std::chrono::steady_clock::now() + (silent_ ? milliseconds(50) : kPatience);
  Guarded([this] {
    sidecar_->Step([this] { return Waits(); });
    files_->Looked();
    const std::string imbalance = Imbalance(sidecar_->Metrics());
    Check(imbalance.empty(), imbalance);
  });
}

void LogStage::Pass(Nanos time, Nanos stride) {
  while (time > Nanos(0)) {
    const Nanos piece = std::min(time, stride);
    // Half a line that waits for longer is sent as it is.
    halves_age_ += piece;
    if (halves_age_ >= seconds(4)) {
      files_->EndHalves();
      halves_age_ = Nanos(0);
    }
    clock_.Advance(piece);
    time -= piece;
    Step();
  }
}

void LogStage::Guarded(const std::function<void()>& what) {
  try {
    what();
  } catch (const Killed&) {
    End();
    WhileDown();
    Start();
  }
}

void LogStage::Start() {
  Say("start");
  disk_.Live();
  if (plan_.trouble == Trouble::kJournalKill && random_.Chance(0.4)) {
    disk_.KillAfter(random_.Below(12));  // also while it starts
  }
  ++lives_;
  for (int tries = 0; !sidecar_ && tries < 20; ++tries) {
    try {
      sidecar_ = std::make_unique<SimSidecar>(options_, source_, clock_, disk_);
      files_->Looked();
    } catch (const Killed&) {
      disk_.Live();
    }
  }
}

void LogStage::End() {
  if (!sidecar_) return;
  Say("end");
  reported_.Add(sidecar_->Metrics());
  sidecar_.reset();
  files_->SidecarEnded();
  disk_.Live();
}

void LogStage::Stop() {
  if (!sidecar_) return;
  files_->EndHalves();
  Pass(milliseconds(1));
  patience_ = std::chrono::steady_clock::now() + kPatience;
  Check(sidecar_->Drain([this] { return Waits(); }) || away_, "an orderly end left lines behind");
  End();
}

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
    files_->Rotate(writer, plan_.rotation);
    // Nothing but the journal knows where a link led to.
    if (plan_.rotation == Rotation::kSymlinkFlip && !plan_.exact()) Pass(seconds(2));
    return;
  }
  // What is deleted must have arrived, and nobody may hold the inode.
  if (away_ || disk_.failing() || !sidecar_) return;
  files_->EndHalves();
  Pass(seconds(15));
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
      // One that goes back by more than five minutes at once breaks the order, and is meant to.
      const std::int64_t to = random_.Between(-145, 145) * std::int64_t{1'000'000'000};
      clock_.SetWallNanos(clock_.WallNanos() + to - std::exchange(clock_set_, to));
      return;
    }
    default:
      return;
  }
}

void LogStage::Act() {
  const std::size_t writer = random_.Below(files_->writers());
  const std::uint64_t kind = random_.Below(100);
  Say(kind < 45   ? "write"
      : kind < 52 ? "write half a line"
      : kind < 68 ? "rotate"
      : kind < 90 ? "pass"
                  : "trouble");
  if (kind < 45) {
    files_->Write(writer, random_.Between(1, 25));
  } else if (kind < 52) {
    files_->WriteHalf(writer);
  } else if (kind < 68) {
    RotateOne();
  } else if (kind < 85) {
    Pass(milliseconds(random_.Between(1, 1'500)));
  } else if (kind < 90) {
    Pass(seconds(random_.Between(2, 30)));
  } else {
    Trouble();
  }
  if (random_.Chance(0.5)) Step();
}

void LogStage::Run() {
  if (random_.Chance(0.5)) files_->Write(0, random_.Between(1, 50));
  Start();
  for (int step = 0; step < plan_.steps && problems_.empty(); ++step) Act();
  Finish();
}

}  // namespace telltale::faults
