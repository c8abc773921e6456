// SPDX-License-Identifier: Apache-2.0
//
// Where a plan of the simulation runs: files of its own, a fake Loki, a clock and a disk that do as
// the plan says, and a sidecar that ends and starts again. All times are simulated but the waits
// for answers, which take loopback's microseconds. One thread, besides those of Loki and sender.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/fake_loki.h"
#include "tests/faults/logs/fault_disk.h"
#include "tests/faults/logs/log_files.h"
#include "tests/faults/logs/log_oracle.h"
#include "tests/faults/logs/log_plan.h"
#include "tests/faults/logs/sim_sidecar.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale::faults {

class LogStage {
 public:
  explicit LogStage(std::uint64_t seed);
  ~LogStage();

  // The whole plan; afterwards `problems` says what was wrong, and is empty when nothing was.
  void Run();
  const std::string& problems() const { return problems_; }

 private:
  using Nanos = std::chrono::nanoseconds;
  static constexpr std::array<const char*, 2> kTenants{"blue", "green"};

  void Act();
  // What a wide plan does besides.
  void ActWide();
  void RefuseTenant();
  void Block();
  void CutOff();
  void LongTime();
  bool OneTenantArrives(int tenant);
  FakeLoki::Reply RefusalOfTenant(const FakeLoki::Push& push) const;
  std::vector<LogSource> Sources() const;
  int TenantOf(const std::string& filename) const;  // 0 and 1; 0 of all without tenants
  void RotateOne();
  void Trouble();
  void WhileDown();
  void Finish();

  // Time passes, and the sidecar does what it does meanwhile.
  void Pass(Nanos time, Nanos stride = std::chrono::seconds(1));
  void Step();
  void Guarded(const std::function<void()>& what);  // may be ended by the disk
  void Start();
  void End();   // without a word
  void Stop();  // in order
  void KillUnderWay();
  void Say(std::string_view act) const;
  bool Waits();

  FakeLoki::Reply Reply(const FakeLoki::Push& push);
  void ChooseFaults();
  Verdict JudgeNow(bool by_time, int only_tenant = -1) const;
  std::uint64_t ReportedBytes();
  void ExpectTruth();
  void ExpectReasons(const Verdict& verdict);
  void Check(bool good, const std::string& problem);

  LogPlan plan_;
  Seeded random_;
  TempFolder temp_;
  FakeClock clock_;
  FaultDisk disk_;
  FakeLoki loki_;
  LokiFaults faults_;
  std::atomic<bool> misbehaves_{true}, silent_{false}, stores_silently_{false};
  std::atomic<std::uint64_t> pushes_{0};
  std::atomic<int> refused_tenant_{-1};
  Seeded varied_;         // of what only wide plans do
  bool patient_ = false;  // answers are waited for, also of a slow store
  int version_ = 0;       // of the stages
  Nanos long_times_{0};
  bool away_ = false;
  std::uint64_t enough_pushes_ = 0;  // while silent
  std::chrono::steady_clock::time_point patience_{};
  Nanos halves_age_{0};         // half a line was begun at most so long ago
  std::int64_t clock_set_ = 0;  // by how much the wall clock was set
  int lives_ = 0;
  // Lost bytes that were reported: up to the last step, and in steps that the disk cut short, whose
  // records may be missing.
  std::uint64_t reported_before_ = 0, reported_unrecorded_ = 0;
  // Bytes that were in flight when the power was cut. The journal may have forgotten them, and if
  // their file was truncated, nobody knows of them.
  std::uint64_t in_flight_at_cuts_ = 0;
  LogPipelineOptions options_;
  std::unique_ptr<LogFiles> files_;
  std::unique_ptr<SimSidecar> sidecar_;
  Reported reported_;
  std::string problems_;
};

}  // namespace telltale::faults
