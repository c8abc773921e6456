// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/resume_point.h"

#include <algorithm>

#include "common/base/rfc3339.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

std::uint64_t HashOf(std::int64_t time, std::string_view text) {
  return Hash64(text) ^ (static_cast<std::uint64_t>(time) * 0x9E3779B97F4A7C15u);
}

}  // namespace

void ResumePoint::Keep(std::int64_t time, std::string_view text) {
  newest_ = std::max(newest_, time);
  const std::int64_t oldest = newest_ / kSecond - 1;
  kept_.erase(kept_.begin(), kept_.lower_bound(oldest));
  if (time / kSecond >= oldest) ++kept_[time / kSecond][HashOf(time, text)];
}

std::optional<std::string> ResumePoint::Since() const {
  if (newest_ == 0) return std::nullopt;
  return FormatRfc3339((newest_ / kSecond - 1) * kSecond);
}

void ResumePoint::Begin() { expected_ = kept_; }

bool ResumePoint::IsNew(std::int64_t time, std::string_view text) {
  const auto second = expected_.find(time / kSecond);
  if (second == expected_.end()) return true;
  const auto line = second->second.find(HashOf(time, text));
  if (line == second->second.end()) return true;
  if (--line->second == 0) second->second.erase(line);
  return false;
}

}  // namespace telltale
