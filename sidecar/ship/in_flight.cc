// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/in_flight.h"

#include <algorithm>
#include <utility>

namespace telltale {

std::vector<InFlight::Batch> InFlight::Answer(const PushResult& result) {
  std::vector<Batch> settled;
  auto found = batches_.find(result.sequence);
  if (found == batches_.end()) return settled;
  if (result.held) {
    found->second.held = true;
    return settled;
  }
  found->second.answer = result;
  const std::uint64_t file_id = found->second.file_id;
  for (auto it = batches_.begin(); it != batches_.end();) {
    if (it->second.file_id != file_id) {
      ++it;
      continue;
    }
    if (!it->second.answer) break;
    settled.push_back(std::move(it->second));
    it = batches_.erase(it);
  }
  return settled;
}

bool InFlight::HasOf(std::uint64_t file_id) const {
  return std::any_of(batches_.begin(), batches_.end(),
                     [&](const auto& batch) { return batch.second.file_id == file_id; });
}

bool InFlight::Full() const {
  std::size_t moving = 0, held = 0, held_bytes = 0;
  for (const auto& [sequence, batch] : batches_) {
    if (batch.answer) continue;
    moving += batch.held ? 0 : 1;
    held += batch.held ? 1 : 0;
    held_bytes += batch.held ? batch.bytes : 0;
  }
  return moving >= kMaxMoving || held >= kMaxHeld || held_bytes >= kMaxHeldBytes;
}

bool InFlight::Waits(std::uint64_t file_id) const {
  std::size_t count = 0, most = kMaxOfFile;
  bool held = false;
  for (const auto& [sequence, batch] : batches_) {
    if (batch.file_id != file_id) continue;
    ++count;
    held = held || batch.held;
    if (batch.streams < 2) most = 1;
  }
  return held && count >= most;
}

}  // namespace telltale
