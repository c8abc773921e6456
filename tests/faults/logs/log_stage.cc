// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_stage.h"

#include <fcntl.h>

#include <filesystem>
#include <utility>

#include "common/base/log.h"
#include "tests/fakes/unprivileged.h"
#include "tests/faults/logs/file_times.h"
#include "tests/faults/logs/strangers.h"

namespace telltale::faults {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Nothing waits so long when all is well, not even on a busy machine.
constexpr seconds kPatience{30};

FakeLoki::Options LokiOptions(const FakeClock& clock, const LogPlan& plan) {
  FakeLoki::Options options;
  options.tenants = plan.variety.tenants;
  if (plan.variety.slow) options.delay = milliseconds(20);
  options.limits = LokiLimits();
  // Of no use while time stands still.
  options.limits.rate = options.limits.stream_rate = 0;
  options.now = [&clock] { return clock.WallNanos(); };
  return options;
}

}  // namespace

LogStage::LogStage(std::uint64_t seed)
    : plan_(seed),
      random_(seed, "stage"),
      disk_(clock_),
      loki_(LokiOptions(clock_, plan_)),
      varied_(seed, "wide") {
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
  if (plan_.variety.half_stops) options_.send_unfinished_at_stop = varied_.Chance(0.5);
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
  } else if (push.tenant == kTenants[0] && refused_tenant_ == 0) {
    return RefusalOfTenant(push);
  } else if (push.tenant == kTenants[1] && refused_tenant_ == 1) {
    return RefusalOfTenant(push);
  } else if (misbehaves_ && plan_.variety.strangers &&
             Seeded(plan_.seed, "strange " + std::to_string(number)).Chance(0.25)) {
    return StrangerReply(plan_.seed, number, push);
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
  if (std::chrono::steady_clock::now() < patience_) {
    return patient_ || !plan_.variety.slow || varied_.Chance(0.5);
  }
  if (silent_ || refused_tenant_ >= 0) return false;
  const bool short_timeout = options_.request_timeout < kPatience;
  Check(short_timeout, "the sender got no answer from a Loki that gives one");
  if (!short_timeout) return false;
  // On a machine that does other things for longer than the timeout, each answer is late.
  LogInfo("plan", {{"act", "longer timeout"}});
  misbehaves_ = false;
  options_.request_timeout = kPatience;
  sidecar_->Configure(Sources(), options_);
  patience_ = std::chrono::steady_clock::now() + kPatience;
  return true;
}

void LogStage::Step() {
  if (!sidecar_) return;
  patience_ = std::chrono::steady_clock::now() + (silent_                ? milliseconds(50)
                                                  : refused_tenant_ >= 0 ? milliseconds(30)
                                                                         : kPatience);
  Guarded([this] {
    const Unprivileged bound(plan_.variety.permissions);
    sidecar_->Step([this] { return Waits(); });
    files_->Looked();
    const std::string imbalance = Imbalance(sidecar_->Metrics());
    Check(imbalance.empty(), imbalance);
    reported_before_ = ReportedBytes();
  });
}

void LogStage::Pass(Nanos time, Nanos stride) {
  while (time > Nanos(0)) {
    const Nanos piece = std::min(time, stride);
    // Half a line that waits for longer is sent as it is.
    halves_age_ += piece;
    if (halves_age_ >= seconds(4)) {
      if (plan_.variety.silence && varied_.Chance(0.5)) {
        files_->LeaveHalves();
      } else {
        files_->EndHalves();
      }
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
    reported_unrecorded_ += ReportedBytes() - reported_before_;
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
  reported_before_ = 0;
  if (plan_.variety.upgrades && varied_.Chance(0.4)) ++version_;
  const Unprivileged bound(plan_.variety.permissions);
  for (int tries = 0; !sidecar_ && tries < 20; ++tries) {
    try {
      sidecar_ = std::make_unique<SimSidecar>(options_, Sources(), clock_, disk_);
      Check(sidecar_->has_events(),
            "the machine has no inotify instance left: raise sysctl fs.inotify.max_user_instances");
      files_->Looked();
    } catch (const Killed&) {
      disk_.Live();
    }
  }
}

void LogStage::End() {
  if (!sidecar_) return;
  Say("end");
  const Page page = sidecar_->Metrics();
  reported_.Add(page);
  if (plan_.trouble == Trouble::kPowerCut) {
    in_flight_at_cuts_ += static_cast<std::uint64_t>(page.at("telltale_logs_pending_bytes"));
  }
  sidecar_.reset();
  files_->SidecarEnded();
  disk_.Live();
}

void LogStage::Stop() {
  if (!sidecar_) return;
  refused_tenant_ = -1;
  if (!plan_.variety.half_stops) {
    files_->EndHalves();
  } else if (options_.send_unfinished_at_stop) {
    files_->LeaveHalves();
  }
  Pass(milliseconds(1));
  patient_ = true;
  const Unprivileged bound(plan_.variety.permissions);
  patience_ = std::chrono::steady_clock::now() + kPatience;
  Check(sidecar_->Drain([this] { return Waits(); }) || away_, "an orderly end left lines behind");
  patient_ = false;
  End();
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
  if (plan_.seed >= LogPlan::kWide && varied_.Chance(0.2)) ActWide();
  if (random_.Chance(0.5)) Step();
}

void LogStage::Run() {
  if (random_.Chance(0.5)) files_->Write(0, random_.Between(1, 50));
  Start();
  for (int step = 0; step < plan_.steps && problems_.empty(); ++step) Act();
  Finish();
}

}  // namespace telltale::faults
