// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/pod_table.h"

#include <algorithm>

namespace telltale::bench {

void PodTable::Populate(std::uint32_t pods, std::uint16_t apps, std::uint32_t markers) {
  const std::lock_guard lock(mutex_);
  pods_.reserve(pods + 8192);
  for (std::uint32_t i = 0; i < pods; ++i) {
    PodFill pod;
    pod.serial = NextSerial();
    pod.app = i < markers ? kMarkerApp : static_cast<std::uint16_t>(1 + (i - markers) % apps);
    pod.ordinal = static_cast<std::uint16_t>(i < markers ? 100 + i : 100 + (i - markers) / apps);
    pod.node = static_cast<std::uint16_t>(i * 7 % std::max(1U, pods / 30));
    pod.phase = Phase::kReady;
    pod.version = kFirstVersion - pods + i;
    pods_.push_back(pod);
    alive_.push_back(true);
  }
}

void PodTable::Append(EventType type, const PodFill& pod) { log_.push_back({pod, type}); }

std::uint32_t PodTable::Add(PodFill pod) {
  const std::lock_guard lock(mutex_);
  pod.version = kFirstVersion + log_.size() + 1;
  std::uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(pods_.size());
    pods_.push_back(pod);
    alive_.push_back(true);
  } else {
    slot = free_.back();
    free_.pop_back();
    pods_[slot] = pod;
    alive_[slot] = true;
  }
  Append(EventType::kAdded, pod);
  return slot;
}

void PodTable::Modify(std::uint32_t slot, Phase phase) {
  const std::lock_guard lock(mutex_);
  PodFill& pod = pods_[slot];
  pod.version = kFirstVersion + log_.size() + 1;
  pod.phase = phase;
  Append(EventType::kModified, pod);
}

void PodTable::Remove(std::uint32_t slot) {
  const std::lock_guard lock(mutex_);
  PodFill pod = pods_[slot];
  pod.version = kFirstVersion + log_.size() + 1;
  alive_[slot] = false;
  free_.push_back(slot);
  Append(EventType::kDeleted, pod);
}

PodFill PodTable::At(std::uint32_t slot) const {
  const std::lock_guard lock(mutex_);
  return pods_[slot];
}

std::uint32_t PodTable::slots() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::uint32_t>(pods_.size());
}

PodSnapshot PodTable::Snapshot() const {
  const std::lock_guard lock(mutex_);
  PodSnapshot snapshot;
  snapshot.version = kFirstVersion + log_.size();
  snapshot.pods.reserve(pods_.size());
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    if (alive_[i]) snapshot.pods.push_back(pods_[i]);
  }
  return snapshot;
}

std::uint64_t PodTable::version() const {
  const std::lock_guard lock(mutex_);
  return kFirstVersion + log_.size();
}

bool PodTable::InWindow(std::uint64_t version) const {
  const std::lock_guard lock(mutex_);
  const std::uint64_t now = kFirstVersion + log_.size();
  return version >= kFirstVersion && version <= now && now - version <= kWindow;
}

std::optional<std::vector<PodEvent>> PodTable::After(std::uint64_t version, std::size_t most,
                                                     std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto behind = [&] { return kFirstVersion + log_.size() - version; };
  changed_.wait_for(lock, patience, [&] { return closed_ || behind() > 0; });
  if (closed_ || behind() > kWindow) return std::nullopt;
  const auto first = log_.begin() + static_cast<std::ptrdiff_t>(version - kFirstVersion);
  const auto count = std::min<std::uint64_t>(behind(), most);
  return std::vector<PodEvent>(first, first + static_cast<std::ptrdiff_t>(count));
}

void PodTable::Wake() { changed_.notify_all(); }

void PodTable::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

}  // namespace telltale::bench
