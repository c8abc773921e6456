// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/in_flight.h"

#include <algorithm>
#include <utility>

namespace telltale {

void InFlight::Count(const Batch& batch, bool add) {
  if (!IsMoving(batch)) return;
  Moving& tenant = tenants_[batch.tenant];
  for (Moving* moving : {&moving_, &tenant}) {
    moving->batches = add ? moving->batches + 1 : moving->batches - 1;
    moving->bytes = add ? moving->bytes + batch.bytes : moving->bytes - batch.bytes;
  }
  if (tenant.batches == 0) tenants_.erase(batch.tenant);
}

void InFlight::Add(std::uint64_t sequence, Batch batch) {
  Count(batch, true);
  auto& sequences = files_[batch.file_id];
  sequences.insert(std::upper_bound(sequences.begin(), sequences.end(), sequence), sequence);
  batches_[sequence] = std::move(batch);
}

const InFlight::Batch* InFlight::Find(std::uint64_t sequence) const {
  const auto found = batches_.find(sequence);
  return found == batches_.end() ? nullptr : &found->second;
}

std::vector<InFlight::Batch> InFlight::Answer(const PushResult& result) {
  std::vector<Batch> settled;
  const auto found = batches_.find(result.sequence);
  if (found == batches_.end()) return settled;
  Batch& batch = found->second;
  Count(batch, false);
  if (result.kind != PushResult::Kind::kDone) {
    batch.held = true;
    return settled;
  }
  batch.answer = result;
  const std::uint64_t file_id = batch.file_id;
  auto& sequences = files_.at(file_id);
  std::size_t done = 0;
  for (const std::uint64_t sequence : sequences) {
    const auto it = batches_.find(sequence);
    if (!it->second.answer) break;
    settled.push_back(std::move(it->second));
    batches_.erase(it);
    ++done;
  }
  sequences.erase(sequences.begin(), sequences.begin() + static_cast<std::ptrdiff_t>(done));
  if (sequences.empty()) files_.erase(file_id);
  return settled;
}

bool InFlight::Full() const {
  if (tenant_count_ > 1 && moving_.batches < kMaxBatches) {
    const auto full = std::count_if(tenants_.begin(), tenants_.end(),
                                    [&](const auto& tenant) { return IsFull(tenant.second); });
    return static_cast<std::size_t>(full) >= tenant_count_;
  }
  return (moving_.bytes >= max_bytes_ && moving_.batches >= kMinBatches) ||
         moving_.batches >= kMaxBatches;
}

bool InFlight::IsFull(const std::string& tenant) const {
  const auto found = tenants_.find(tenant);
  return found != tenants_.end() && IsFull(found->second);
}

bool InFlight::Waits(std::uint64_t file_id) const {
  const auto found = files_.find(file_id);
  if (found == files_.end()) return false;
  std::size_t most = kMaxOfFile;
  bool held = false;
  for (const std::uint64_t sequence : found->second) {
    const Batch& batch = batches_.at(sequence);
    held = held || batch.held;
    if (batch.streams < 2) most = kMaxOfStream;
  }
  return held && found->second.size() >= most;
}

}  // namespace telltale
