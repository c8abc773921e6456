// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/tailed_file.h"

namespace telltale {
namespace {

// Sightings closer than this are one: the times of lines are then off by no more.
constexpr std::int64_t kGrain = 5'000'000;

}  // namespace

void Sightings::Note(std::uint64_t size, std::int64_t wall, SteadyTime steady) {
  if (!list_.empty() && list_.back().size >= size) return;
  if (!list_.empty() && wall < list_.back().wall + kGrain && wall >= list_.back().wall) {
    list_.back().size = size;
    return;
  }
  if (list_.size() == kMax) {
    // Every second one goes; the bytes it covered get the time of the next, as they would have if
    // the file had been looked at half as often.
    std::size_t kept = 0;
    for (std::size_t i = 1; i < list_.size(); i += 2) list_[kept++] = list_[i];
    list_.resize(kept);
  }
  list_.push_back({size, wall, steady});
}

void Sightings::Drop(std::uint64_t offset) {
  auto first = list_.begin();
  while (first != list_.end() && first->size <= offset) ++first;
  list_.erase(list_.begin(), first);
}

std::int64_t Sightings::WallAt(std::uint64_t offset) const {
  for (const Sighting& sighting : list_) {
    if (sighting.size > offset) return sighting.wall;
  }
  return list_.empty() ? 0 : list_.back().wall;
}

const SteadyTime* Sightings::OldestSince(std::uint64_t offset) const {
  for (const Sighting& sighting : list_) {
    if (sighting.size > offset) return &sighting.steady;
  }
  return nullptr;
}

}  // namespace telltale
