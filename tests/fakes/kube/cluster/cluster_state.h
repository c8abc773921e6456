// SPDX-License-Identifier: Apache-2.0
//
// The inside of FakeCluster, shared by its own .cc files only. Everything is guarded by `mutex` but
// what says otherwise.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/kube/cluster/collection.h"
#include "tests/fakes/kube/cluster/fake_cluster.h"
#include "tests/fakes/kube/cluster/paths.h"

namespace telltale {

// Which objects a list or a watch is about.
struct ObjectFilter {
  std::string ns, name;  // empty: all
  LabelSelector labels;

  bool Matches(const Stored& stored) const;  // by key and labels
  bool MatchesLabels(const ObjectBody& object) const;
  bool selects() const { return !name.empty() || !labels.terms.empty(); }
};

struct FakeCluster::State {
  State(FakeClusterOptions given, Clock& time) : options(std::move(given)), clock(time) {}

  // requests.cc
  FakeReply Dispatch(const ApiRequest& request, const FakeCaller& caller, FakeLogEntry& entry);
  Collection& In(const ResourcePath& path);
  Collection* FindCollection(const ResourcePath& path);
  std::optional<FakeReply> Filter(const ResourcePath& path, const RequestOptions& request,
                                  ObjectFilter& out) const;
  void Age(Collection& collection) const;

  // list.cc, watch.cc: replies with a stream
  FakeReply List(const ResourcePath& path, const RequestOptions& request);
  FakeReply Watch(const ResourcePath& path, const RequestOptions& request);

  // writes.cc
  FakeReply Write(const ApiRequest& request, const ResourcePath& path,
                  const RequestOptions& options, const FakeCaller& caller, FakeLogEntry& entry);
  FakeReply Delete(const ApiRequest& request, const ResourcePath& path, FakeLogEntry& entry);
  Status Put(const ResourcePath& path, std::string_view json);
  // Keeps the object under a new version.
  void Commit(Collection& collection, std::string_view key, ObjectRef object);
  std::string Uid();
  std::string Now() const;

  mutable std::mutex mutex;
  FakeClusterOptions options;
  Clock& clock;
  std::uint64_t version = 0, uids = 0, requests = 0, names = 0;
  std::map<std::string, std::unique_ptr<Collection>, std::less<>> collections;  // by prefix/plural
  std::vector<FakeLogEntry> log;
  std::set<std::string> tokens;
  std::size_t open_watches = 0;
  std::uint64_t close_epoch = 0, bookmark_epoch = 0;  // watches of an earlier epoch end / get one
  bool changed = false;                               // since the listeners were called

  std::mutex listeners_mutex;  // guards the two below; held while they are called
  int last_listener = 0;
  std::map<int, std::function<void()>> listeners;
  void Tell();  // without `mutex`
};

// Discovery, version and health: what is no resource.
FakeReply DiscoveryReply(std::string_view path);

}  // namespace telltale
