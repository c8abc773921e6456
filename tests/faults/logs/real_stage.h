// SPDX-License-Identifier: Apache-2.0
//
// Where a plan with processes runs, in real time: the program that ships logs, a bad road, a real
// log store at its end, and files that are rotated meanwhile. One thread, besides the road's.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "tests/faults/logs/bad_road.h"
#include "tests/faults/logs/log_files.h"
#include "tests/faults/logs/log_oracle.h"
#include "tests/faults/logs/log_plan.h"
#include "tests/faults/logs/shipper.h"
#include "tests/faults/logs/sim_sidecar.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale::faults {

class RealStage {
 public:
  RealStage(const LogPlan& plan, const TestStore& store);

  void Run();
  // Of the end; what was wrong, empty when nothing was.
  const Verdict& verdict() const { return verdict_; }
  const std::string& problems() const { return problems_; }
  std::uint64_t written() const { return files_->lines(); }

 private:
  using Millis = std::chrono::milliseconds;

  void Act();
  void RotateOne();
  void Trouble();
  void WhileDown();
  void Finish();
  void Start();
  void End();
  void KillAtJournalWrite(int writes);
  // Judges what the store holds now; false when it did not answer.
  bool JudgeNow();
  // Whether the guarantee lets this plan push a line twice: an answer may be lost.
  bool MayRepeat() const;
  // Long enough for a sweep: everything that is there was seen.
  void LetItLook();
  void Pause(Millis time);

  LogPlan plan_;
  Seeded random_;
  TempFolder temp_;
  TestStore store_;
  BadRoad road_;
  std::unique_ptr<LogFiles> files_;
  std::unique_ptr<Shipper> shipper_;
  bool away_ = false;
  std::chrono::steady_clock::time_point halves_ended_ = std::chrono::steady_clock::now();
  int lives_ = 0;
  Reported reported_;
  Verdict verdict_;
  std::uint64_t repeats_ = 0;  // in the store, when verdict_ was made
  std::string problems_;
};

}  // namespace telltale::faults
