// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/renames.h"

#include <algorithm>
#include <utility>

namespace telltale {
namespace {

// Files that were moved out of all watched directories never get their second event.
constexpr std::size_t kMaxLeaving = 64;

}  // namespace

Renames::Effect Renames::Note(const DirEvent& event, const std::string& path, bool wanted) {
  if (event.kind == DirEvent::Kind::kMovedTo) {
    auto left = leaving_.extract(event.cookie);
    if (left.empty()) {
      moved_.erase(path);
    } else {
      moved_[path] = std::move(left.mapped());
    }
    return Effect::kNone;
  }
  auto moved = moved_.extract(path);
  if (event.kind != DirEvent::Kind::kMovedFrom) {
    return moved.empty() ? Effect::kNone : Effect::kLost;
  }
  if (!moved.empty()) {
    leaving_[event.cookie] = std::move(moved.mapped());
  } else if (wanted) {
    leaving_[event.cookie] = {path, count_++};
  }
  return Effect::kNone;
}

std::vector<RenamedFile> Renames::Take() {
  while (leaving_.size() > kMaxLeaving) leaving_.erase(leaving_.begin());
  std::vector<std::pair<std::size_t, RenamedFile>> by_order;
  for (auto& [path, move] : moved_) by_order.push_back({move.order, {move.from, path}});
  moved_.clear();
  std::sort(by_order.begin(), by_order.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<RenamedFile> out;
  for (auto& [order, file] : by_order) out.push_back(std::move(file));
  return out;
}

}  // namespace telltale
