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
  if (number >= kWide) Widen();
}

// Whatever goes with the rotation and the trouble.
void LogPlan::Widen() {
  Seeded random(seed, "variety");
  auto some = [&](bool possible) { return random.Chance(0.25) && possible; };
  const bool renames = rotation == Rotation::kNone || rotation == Rotation::kRename ||
                       rotation == Rotation::kDoubleRename || rotation == Rotation::kKubelet ||
                       rotation == Rotation::kSameStart;
  variety.names = some(true);
  variety.tenants = some(true);
  variety.json = some(!cri);
  variety.slow = some(trouble != Trouble::kTimeouts);
  variety.permissions = some(rotation != Rotation::kInodeReuse && exact());
  variety.shrinks = some(true);
  variety.laid_out = some(renames && exact());
  // Which half is refused for good cannot be told, and half an object has no label.
  const bool halves = trouble != Trouble::kPartial && !variety.json;
  variety.silence = some(exact() && halves);
  variety.half_stops = trouble == Trouble::kStops && halves;
  // What is refused for good is known by its time, which is another one then. Of files that begin
  // alike the first lines may be there twice, and cannot be told from the next file's.
  variety.upgrades = some(ends() && exact() && !variety.silence && !variety.half_stops &&
                          rotation != Rotation::kSameStart);
  variety.days = some(true);
  variety.strangers = some(trouble == Trouble::kErrors || trouble == Trouble::kKillAndErrors ||
                           trouble == Trouble::kLimits);
  if (variety.tenants) writers = 4;
  if (variety.json) traits = {.dirty = false, .long_ones = traits.long_ones, .huge = false};
}

std::array<std::pair<std::string_view, bool>, 12> Variety::List() const {
  return {{{"names", names},
           {"tenants", tenants},
           {"json", json},
           {"slow", slow},
           {"permissions", permissions},
           {"shrinks", shrinks},
           {"laid_out", laid_out},
           {"silence", silence},
           {"half_stops", half_stops},
           {"upgrades", upgrades},
           {"days", days},
           {"strangers", strangers}}};
}

bool LogPlan::ends() const {
  return trouble == Trouble::kKill || trouble == Trouble::kJournalKill ||
         trouble == Trouble::kKillAndErrors || trouble == Trouble::kPowerCut ||
         trouble == Trouble::kStops;
}

bool LogPlan::exact() const { return trouble != Trouble::kPowerCut; }

std::string LogPlan::Name() const {
  std::string name = std::string(RotationName(rotation)) + "_" + std::string(TroubleName(trouble));
  for (const auto& [part, there] : variety.List()) {
    if (there) name += "_" + std::string(part);
  }
  return name + "_" + std::to_string(seed);
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
  options.odd_names = variety.names;
  options.json = variety.json;
  options.laid_out = variety.laid_out;
  return options;
}

}  // namespace telltale::faults
