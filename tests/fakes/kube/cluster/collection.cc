// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/cluster/collection.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace telltale {
namespace {

constexpr std::size_t kSnapshots = 4;

}  // namespace

ObjectRef Collection::Find(std::string_view key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : found->second.object;
}

void Collection::Store(std::string_view key, ObjectRef object, std::uint64_t version,
                       SteadyTime now) {
  const auto found = objects_.find(key);
  Event event{.version = version, .at = now};
  if (found == objects_.end()) {
    TELLTALE_CHECK(object != nullptr);
    event.now = {std::make_shared<const std::string>(key), std::move(object)};
    objects_.emplace(std::string_view(*event.now.key), event.now);
  } else if (object == nullptr) {
    event.change = Change::kDeleted;
    event.previous = found->second.object;
    event.now = {found->second.key, ObjectBody::WithVersion(event.previous, version)};
    objects_.erase(found);
  } else {
    event.change = Change::kModified;
    event.previous = std::exchange(found->second.object, std::move(object));
    event.now = found->second;
  }
  history_.push_back(std::move(event));
}

void Collection::Forget(std::size_t keep_events, SteadyTime older_than) {
  while (!history_.empty() && (history_.size() > keep_events || history_.front().at < older_than)) {
    oldest_ = history_.front().version;
    history_.pop_front();
    ++first_;
  }
}

void Collection::ForgetAll(std::uint64_t version) {
  first_ = end();
  history_.clear();
  snapshots_.clear();
  oldest_ = version;
}

std::uint64_t Collection::After(std::uint64_t version) const {
  const auto found =
      std::partition_point(history_.begin(), history_.end(),
                           [&](const Event& event) { return event.version <= version; });
  return first_ + static_cast<std::uint64_t>(found - history_.begin());
}

SnapshotRef Collection::Now(std::uint64_t version, SteadyTime now) {
  if (!snapshots_.empty() && snapshots_.back()->version == version) return snapshots_.back();
  auto made = std::make_shared<Snapshot>();
  made->version = version;
  made->made = now;
  made->objects.reserve(objects_.size());
  for (const auto& [key, stored] : objects_) made->objects.push_back(stored);
  snapshots_.push_back(made);
  if (snapshots_.size() > kSnapshots) snapshots_.pop_front();
  return made;
}

SnapshotRef Collection::At(std::uint64_t version, SteadyTime now) {
  for (const SnapshotRef& kept : snapshots_) {
    if (kept->version == version) return kept;
  }
  if (version < oldest_) return nullptr;
  auto objects = objects_;
  for (std::uint64_t number = end(); number > first_ && event(number - 1).version > version;
       --number) {
    Undo(event(number - 1), objects);
  }
  auto made = std::make_shared<Snapshot>();
  made->version = version;
  made->made = now;
  for (auto& [key, stored] : objects) made->objects.push_back(std::move(stored));
  snapshots_.push_front(made);  // the back is for the newest
  if (snapshots_.size() > kSnapshots) snapshots_.erase(snapshots_.begin() + 1);
  return made;
}

void Collection::DropSnapshots(SteadyTime older_than) {
  std::erase_if(snapshots_, [&](const SnapshotRef& kept) { return kept->made < older_than; });
}

void Collection::Undo(const Event& event, std::map<std::string_view, Stored>& objects) const {
  const std::string_view key = *event.now.key;
  if (event.change == Change::kAdded) {
    objects.erase(key);
    return;
  }
  // The map's key is a view of the Stored's own, so that both are put in together.
  objects.erase(key);
  objects.emplace(key, Stored{event.now.key, event.previous});
}

void Collection::Restore(std::uint64_t version) {
  while (!history_.empty() && history_.back().version > version) {
    Undo(history_.back(), objects_);
    history_.pop_back();
  }
  snapshots_.clear();
}

}  // namespace telltale
