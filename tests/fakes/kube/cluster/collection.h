// SPDX-License-Identifier: Apache-2.0
//
// The objects of one resource and what happened to them lately, as the API server's watch cache has
// them: a list at any version of the history can be given, and a watch from one. Used under
// FakeCluster's lock; snapshots may be read without it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "tests/fakes/kube/cluster/object_body.h"
#include "tests/fakes/kube/cluster/paths.h"

namespace telltale {

struct Stored {
  std::shared_ptr<const std::string> key = {};  // "ns/name" or "name"
  ObjectRef object = {};

  std::string_view ns() const {
    const std::size_t at = key->find('/');
    return at == std::string::npos ? std::string_view() : std::string_view(*key).substr(0, at);
  }
  std::string_view name() const { return std::string_view(*key).substr(key->find('/') + 1); }
};

// All objects at one version, by key.
struct Snapshot {
  std::uint64_t version = 0;
  SteadyTime made;
  std::vector<Stored> objects;
};
using SnapshotRef = std::shared_ptr<const Snapshot>;

class Collection {
 public:
  enum class Change { kAdded, kModified, kDeleted };
  struct Event {
    Change change = Change::kAdded;
    std::uint64_t version = 0;
    SteadyTime at = {};
    Stored now = {};          // of a delete: the last state, at the version of the delete
    ObjectRef previous = {};  // null of an add
  };

  // Watches from versions before `oldest` are too old.
  Collection(FakeKind kind, std::uint64_t oldest)
      : kind_(std::move(kind)), head_(kind_.head()), oldest_(oldest) {}

  const FakeKind& kind() const { return kind_; }
  const std::string& head() const { return head_; }

  ObjectRef Find(std::string_view key) const;
  std::size_t size() const { return objects_.size(); }
  // A null object deletes. The object carries `version` already.
  void Store(std::string_view key, ObjectRef object, std::uint64_t version, SteadyTime now);
  void Forget(std::size_t keep_events, SteadyTime older_than);
  void ForgetAll(std::uint64_t version);

  // Events are numbered; those before first() are forgotten.
  std::uint64_t first() const { return first_; }
  std::uint64_t end() const { return first_ + history_.size(); }
  const Event& event(std::uint64_t number) const { return history_[number - first_]; }
  // The number of the first event after `version`.
  std::uint64_t After(std::uint64_t version) const;
  std::uint64_t oldest() const { return oldest_; }

  SnapshotRef Now(std::uint64_t version, SteadyTime now);
  // Null when `version` is older than the history and than the snapshots that are kept.
  SnapshotRef At(std::uint64_t version, SteadyTime now);
  void DropSnapshots(SteadyTime older_than);
  // The objects as they were; later events are undone and forgotten. `version` >= oldest().
  void Restore(std::uint64_t version);

 private:
  void Undo(const Event& event, std::map<std::string_view, Stored>& objects) const;

  const FakeKind kind_;
  const std::string head_;
  std::map<std::string_view, Stored> objects_;  // the key is the Stored's own
  std::deque<Event> history_;
  std::uint64_t first_ = 0;
  std::uint64_t oldest_;
  std::deque<SnapshotRef> snapshots_;  // a few, for the next pages
};

}  // namespace telltale
