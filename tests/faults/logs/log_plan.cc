// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/logs/log_plan.h"

#include <array>

namespace telltale::faults {
namespace {

constexpr std::uint64_t kRotations = static_cast<std::uint64_t>(Rotation::kCount);
constexpr std::uint64_t kTroubles = static_cast<std::uint64_t>(Trouble::kCount);

constexpr std::array<std::string_view, kTroubles> kNames{
    "calm",    "kill",      "journal_kill", "errors",          "timeouts",
    "partial", "limits",    "away",         "kill_and_errors", "journal_errors",
    "clock",   "power_cut", "stops"};

}  // namespace

std::string_view TroubleName(Trouble trouble) { return kNames[static_cast<std::size_t>(trouble)]; }

// The numbers of rotations and troubles have no common divisor, so that a row of as many seeds as
// their product has every pair once.
static_assert(kRotations == 14 && kTroubles == 13);

LogPlan::LogPlan(std::uint64_t number)
    : seed(number),
      rotation(static_cast<Rotation>(number % kRotations)),
      trouble(static_cast<Trouble>(number % kTroubles)) {
  Seeded random(number, "plan");
  writers = 1 + random.Below(3);
  cri = random.Chance(0.5);
  constexpr std::array<std::size_t, 4> kBatches{4'000, 16'000, 64'000, 1 << 20};
  batch_bytes = kBatches[random.Below(kBatches.size())];
  if (!cri && random.Chance(0.3)) batch_bytes = 600;
  traits.dirty = random.Chance(0.7);
  traits.long_ones = random.Chance(0.5);
  traits.huge = random.Chance(0.1);
  steps = random.Between(20, 50);
}

bool LogPlan::ends() const {
  return trouble == Trouble::kKill || trouble == Trouble::kJournalKill ||
         trouble == Trouble::kKillAndErrors || trouble == Trouble::kPowerCut ||
         trouble == Trouble::kStops;
}

bool LogPlan::exact() const { return trouble != Trouble::kPowerCut; }

std::string LogPlan::Name() const {
  return std::string(RotationName(rotation)) + "_" + std::string(TroubleName(trouble)) + "_" +
         std::to_string(seed);
}

LogFiles::Options LogPlan::FileOptions() const {
  LogFiles::Options options;
  options.folder = folder;
  options.seed = seed;
  options.writers = writers;
  options.cri = cri;
  options.rotation = rotation;
  options.distinct = !exact();
  options.traits = traits;
  return options;
}

}  // namespace telltale::faults
