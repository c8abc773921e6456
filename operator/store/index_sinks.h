// SPDX-License-Identifier: Apache-2.0
//
// The sinks that fill a ClusterIndex. Decoding, interning and comparing with what is there happen
// without the lock, because a kind is changed by its own sink only; the lock is taken to apply what
// differs. Internal to the index.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "operator/kube/watch/reflector_sink.h"
#include "operator/model/tenant_policy.h"
#include "operator/store/cluster_state.h"
#include "operator/store/interner.h"

namespace telltale {

struct IndexCore {
  IndexCore(std::set<std::string> trusted, Clock& clock) : state(std::move(trusted), clock) {}

  // Applies `change` under the lock and tells when something must be rendered anew; whether so.
  template <class F>
  bool Apply(F change) {
    bool dirty = false;
    {
      MutexLock lock(mutex);
      dirty = change(state);
    }
    if (dirty && changed) changed();
    return dirty;
  }
  void TellObject(ClusterIndex::Kind kind, const std::string& key,
                  ClusterIndex::Change change) const {
    if (object) object(kind, key, change);
  }

  // Without the lock, for what nobody changes meanwhile: a kind is read so by its own sink, and the
  // trusted namespaces by all.
  const ClusterState& UnlockedState() const NO_THREAD_SAFETY_ANALYSIS { return state; }

  mutable Mutex mutex;
  ClusterState state GUARDED_BY(mutex);
  std::string cluster;                  // UseCluster
  std::optional<TenantPolicy> tenants;  // set before the first event; nothing: all are allowed
  std::function<void()> changed;
  std::function<void(ClusterIndex::Kind, const std::string&, ClusterIndex::Change)> object;
};

class PodSink final : public ReflectorSink {
 public:
  explicit PodSink(IndexCore& core) : core_(core) {}

  void ReplaceBegin() override;
  void ReplaceEnd() override;
  void ReplaceAbort() override;
  Status Changed(JsonValue object, std::string& resource_version) override;
  Status Deleted(JsonValue object, std::string& resource_version) override;

  bool synced() const { return synced_; }
  const Interner& interner() const { return interner_; }

 private:
  void Keep(PodRef pod);
  void Drop(std::string_view ns, std::string_view name);

  IndexCore& core_;
  Interner interner_;
  PodDecoder<std::string_view> decoder_;
  PodText pod_;  // of the call that is running: what it looks into is gone afterwards
  bool replacing_ = false;
  PodTable incoming_;  // the temporary store of a replacement
  std::atomic<bool> synced_{false};
};

// For the kinds of which there are few and which are kept as they are.
template <class T>
class ObjectSink final : public ReflectorSink {
 public:
  explicit ObjectSink(IndexCore& core) : core_(core) {}

  void ReplaceBegin() override;
  void ReplaceEnd() override;
  void ReplaceAbort() override;
  Status Changed(JsonValue object, std::string& resource_version) override;
  Status Deleted(JsonValue object, std::string& resource_version) override;

  bool synced() const { return synced_; }

 private:
  using Ptr = std::shared_ptr<const T>;

  IndexCore& core_;
  bool replacing_ = false;
  std::map<std::string, Ptr> incoming_;
  std::atomic<bool> synced_{false};
};
extern template class ObjectSink<MonitoringTarget>;
extern template class ObjectSink<Namespace>;

}  // namespace telltale
