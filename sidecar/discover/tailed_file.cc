// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/tailed_file.h"

#include <cstddef>

namespace telltale {
namespace {

// ArrivalTimes closer than this are one: the times of lines are then off by no more.
constexpr std::int64_t kGrain = 5'000'000;

}  // namespace

void ArrivalTimes::Note(std::uint64_t size, std::int64_t wall, SteadyTime steady) {
  if (!list_.empty() && list_.back().size >= size) return;
  if (!list_.empty() && wall < list_.back().wall + kGrain && wall >= list_.back().wall) {
    list_.back().size = size;
    return;
  }
  if (list_.size() == kMax) {
    // The one with the nearest neighbours goes, so that what remains is about evenly spaced. The
    // bytes it covered get the successor's time, as if the file had not been looked at.
    std::size_t nearest = 1;
    auto span = [&](std::size_t i) { return list_[i + 1].steady - list_[i - 1].steady; };
    for (std::size_t i = 2; i + 1 < list_.size(); ++i) {
      if (span(i) < span(nearest)) nearest = i;
    }
    list_.erase(list_.begin() + static_cast<std::ptrdiff_t>(nearest));
  }
  list_.push_back({size, wall, steady});
}

void ArrivalTimes::Drop(std::uint64_t offset) {
  auto first = list_.begin();
  while (first != list_.end() && first->size <= offset) ++first;
  list_.erase(list_.begin(), first);
}

std::int64_t ArrivalTimes::WallAt(std::uint64_t offset) const {
  for (const Arrival& sighting : list_) {
    if (sighting.size > offset) return sighting.wall;
  }
  return list_.empty() ? 0 : list_.back().wall;
}

const SteadyTime* ArrivalTimes::OldestSince(std::uint64_t offset) const {
  for (const Arrival& sighting : list_) {
    if (sighting.size > offset) return &sighting.steady;
  }
  return nullptr;
}

}  // namespace telltale
