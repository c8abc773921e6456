// SPDX-License-Identifier: Apache-2.0
//
// FakeCluster: the state and the rules of a Kubernetes API server in memory, for tests and benches.
// No IO, no threads, no time but the Clock's, no chance but the seed's: the same calls give the
// same answers. It knows nothing of faults; those are made by who stands between it and the client.
// tests/integration/test_fake_api.py holds it against the real kube-apiserver.
//
// Any resource of the shape /api/v1/... or /apis/GROUP/VERSION/... can be used; the table in
// paths.cc says what it needs to know about kinds. What is left out: validation, defaulting,
// admission, quotas, garbage collection, finalizers and grace (a delete is at once), authorization,
// label selectors other than `k=v`, `k!=v`, `k` and `!k`, protobuf, tables.
//
// Thread-safe by one mutex, held for one request or one event. Bodies must not outlive the cluster.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "operator/kube/client/transport.h"
#include "tests/fakes/kube/cluster/fake_reply.h"
#include "tests/fakes/kube/cluster/object_body.h"

namespace telltale {

struct FakeClusterOptions {
  std::uint64_t seed = 1;                    // of the uids
  std::uint64_t first_version = 1'000;       // versions before it are "too old"
  std::size_t history_events = 102'400;      // per resource, as the API server's watch cache
  std::chrono::milliseconds history_age{0};  // older events are dropped; 0: kept by number alone
  std::chrono::milliseconds bookmark_every{60'000};
  std::chrono::milliseconds continue_lives{300'000};  // of a list's continue token
  std::size_t max_backlog = 100'000;  // events a watcher may be behind before it is ended
  bool watch_list = true;             // false: sendInitialEvents gets 400, as of old servers
  bool expired_as_status = false;     // a watch of an old version: HTTP 410, not an event
  bool namespaces_must_exist = true;  // 404 for a write into a namespace that is not there
  bool log_reads = true;              // false: the log holds writes only
};

struct FakeLogEntry {
  std::uint64_t number = 0;  // of the request, from 1
  std::string method = {}, target = {}, content_type = {}, body = {};
  FakeCaller caller = {};
  int status = 0;  // what the cluster answered
  // Of a write that changed something: the version it made; 0 for reads, failures and no-ops.
  std::uint64_t resource_version = 0;
};

class FakeCluster {
 public:
  FakeCluster(FakeClusterOptions options, Clock& clock);
  ~FakeCluster();
  FakeCluster(const FakeCluster&) = delete;
  FakeCluster& operator=(const FakeCluster&) = delete;

  // --- What clients do. ---------------------------------------------------------------------
  // Any request; a list or watch is a stream (see FakeBody), all else has its body at once.
  FakeReply Open(const ApiRequest& request, const FakeCaller& caller = {});
  // The same with the whole body; for a watch what there is now.
  ApiResponse Call(const ApiRequest& request, const FakeCaller& caller = {});

  // --- What a test does to the objects, past the rules for clients. -----------------------------
  // Creates or replaces the object at `path` (/api/v1/namespaces/shop/pods/web-1): an event, a new
  // version, a uid when the JSON names none and the object is new. Spec and status alike.
  Status Put(std::string_view path, std::string_view json);
  // The same for one of many alike; `fields` fill the template's holes. The uid stays for as long
  // as the object lives.
  Status Put(std::string_view path, const std::shared_ptr<const ObjectTemplate>& shape,
             const std::vector<std::string_view>& fields);
  // A DELETED event with the last known object. kNotFound when there is none.
  Status Remove(std::string_view path);
  // The object's JSON as GET gives it; empty when there is none.
  std::string Get(std::string_view path) const;
  // The names under a collection's path, "ns/name" or "name", in order.
  std::vector<std::string> Names(std::string_view collection) const;
  std::size_t Count(std::string_view collection) const;
  std::uint64_t resource_version() const;

  // --- What befalls a server. -----------------------------------------------------------------
  // etcd restored from a backup: objects as they were at `version`, which must lie in the history;
  // newer versions are given out a second time; every watch ends.
  Status Restore(std::uint64_t version);
  // Forgets the history: watches of a version before now get 410, continue tokens too. Watches
  // under way go on when they have seen all there was, else they end with a 410.
  void Compact();
  // Ends every watch, in good order (a clean end of the body).
  void CloseWatches();
  // A bookmark on every watch that allows them, as soon as it has caught up.
  void SendBookmarks();
  std::size_t watches() const;  // open ones
  // Only these bearer tokens are let in, others get 401; empty: everybody, also without one.
  void AcceptTokens(std::set<std::string> tokens);
  void SetOptions(const FakeClusterOptions& options);
  FakeClusterOptions options() const;

  // --- What oracles read. -----------------------------------------------------------------------
  std::vector<FakeLogEntry> Log() const;
  std::vector<FakeLogEntry> Writes() const;  // only what changed something or tried to
  std::uint64_t requests() const;
  void ClearLog();

  // Called without the lock after anything that may let a waiting stream go on. The id is for
  // RemoveListener, which returns when no call of it is under way.
  int AddListener(std::function<void()> listener);
  void RemoveListener(int id);

 private:
  struct State;
  class Watch;
  class List;
  std::unique_ptr<State> state_;
};

}  // namespace telltale
