// SPDX-License-Identifier: Apache-2.0
#include "operator/store/limit_range_cache.h"

#include <utility>

namespace telltale {

std::vector<LimitRangeCache::Ptr> LimitRangeCache::Of(const std::string& ns) const {
  std::vector<Ptr> ranges;
  MutexLock lock(mutex_);
  const auto found = held_.find(ns);
  if (found == held_.end()) return ranges;
  for (const auto& [name, range] : found->second) ranges.push_back(range);
  return ranges;
}

void LimitRangeCache::ReplaceBegin() {
  incoming_.clear();
  replacing_ = true;
}

void LimitRangeCache::ReplaceEnd() {
  {
    MutexLock lock(mutex_);
    held_ = std::exchange(incoming_, {});
  }
  replacing_ = false;
  synced_ = true;
}

void LimitRangeCache::ReplaceAbort() {
  incoming_.clear();
  replacing_ = false;
}

// One that cannot be read stays in the form in which it was read before.
Status LimitRangeCache::Changed(JsonValue object, std::string& resource_version) {
  auto range = std::make_shared<LimitRange>();
  TELLTALE_TRY(DecodeLimitRange(object, *range));
  resource_version = range->meta.resource_version;
  const std::string ns = range->meta.ns, name = range->meta.name;
  if (replacing_) {
    incoming_[ns][name] = std::move(range);
    return {};
  }
  MutexLock lock(mutex_);
  held_[ns][name] = std::move(range);
  return {};
}

Status LimitRangeCache::Deleted(JsonValue object, std::string& resource_version) {
  LimitRange range;
  const Status status = DecodeLimitRange(object, range);
  resource_version = range.meta.resource_version;
  auto erase = [&](Map& map) {
    const auto found = map.find(range.meta.ns);
    if (found == map.end()) return;
    found->second.erase(range.meta.name);
    if (found->second.empty()) map.erase(found);
  };
  if (replacing_) {
    erase(incoming_);
    return status;
  }
  MutexLock lock(mutex_);
  erase(held_);
  return status;
}

}  // namespace telltale
