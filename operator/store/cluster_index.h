// SPDX-License-Identifier: Apache-2.0
//
// ClusterIndex: the pods, MonitoringTargets and Namespaces of the cluster, and which pod belongs to
// which target, kept up to date with every event. Filled by three reflectors through its sinks;
// read by the publisher (what changed), the controllers (one target and its pods) and the webhook.
//
// Matching is done once for all pods of one namespace with the same labels (a group), and only
// with those targets that can match: a pod's event costs nothing for the others.
//
// Threads: any may read. Each sink is called by one reflector; decoding happens outside the lock,
// which is held for microseconds (longer only while a whole new content takes effect).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "operator/kube/watch/reflector_sink.h"
#include "operator/model/pod_view.h"
#include "operator/model/tenant_policy.h"
#include "operator/model/world.h"
#include "operator/store/changes.h"

namespace telltale {

// A target and the pods it matches that are not finished, by namespace and name. The views live as
// long as what `held` has.
struct MatchedPods {
  std::shared_ptr<const MonitoringTarget> target;
  std::vector<PodView> pods;
  std::vector<PodRef> held;
  bool runs_jobs = false;    // a pod of a Job that it matches has finished, and may be gone
  std::size_t finished = 0;  // others that it matches; counted when few or none are not finished
};

struct IndexSize {
  std::size_t pods = 0, targets = 0, namespaces = 0;
  std::size_t groups = 0;         // sets of pods with one namespace and the same labels
  std::size_t label_sets = 0;     // kept in memory, each once
  std::size_t strings = 0;        // the same
  std::size_t shapes = 0;         // the same
  std::size_t matches = 0;        // pairs of a pod and a target
  std::uint64_t evaluations = 0;  // times a selector was evaluated, since the start
};

class ClusterIndex {
 public:
  enum class Kind { kTarget, kNamespace };
  // A Namespace's is always kContent.
  enum class Change {
    kContent,  // made, gone, or it asks for something else than before
    kStatus,   // at most status and metadata differ
  };

  explicit ClusterIndex(std::set<std::string> trusted_namespaces, Clock& clock = RealClock());
  // Before the first event. Without it every tenant is allowed.
  void UseTenants(TenantPolicy tenants);
  // The name of the cluster, a label of every stream that a target asks for; before the first event
  // as well. Empty: there is no such label.
  void UseCluster(std::string cluster);
  ~ClusterIndex();

  ReflectorSink& pod_sink();
  ReflectorSink& target_sink();
  ReflectorSink& namespace_sink();

  // All three kinds were replaced once.
  bool synced() const;

  // Both are set once, before threads start, and are called on the sinks' threads without the lock;
  // they must be cheap. `changed`: something was changed that TakeChanges will tell. `object`:
  // there was an event of a target (key) or a Namespace (name), also one that changed nothing.
  void OnChange(std::function<void()> changed);
  void OnObject(std::function<void(Kind, const std::string& key, Change)> object);

  // What is to be rendered anew since the last call: one consistent cut through everything. For
  // the publisher alone.
  Changes TakeChanges();

  // Nothing when there is no such target.
  std::optional<MatchedPods> Matched(const std::string& key) const;
  // Targets and namespaces, without pods.
  World Snapshot() const;
  // The targets that want a sidecar in a pod with these labels, by key.
  std::vector<std::shared_ptr<const MonitoringTarget>> Selecting(const std::string& ns,
                                                                 const Labels& labels) const;
  // All that select pods with these labels, by key.
  std::vector<std::shared_ptr<const MonitoringTarget>> Matching(const std::string& ns,
                                                                const Labels& labels) const;
  // Pods that have finished, in no order: no target's Matched has them.
  std::vector<PodRef> FinishedPods() const;
  std::shared_ptr<const MonitoringTarget> Target(const std::string& key) const;
  // The namespace exists and is not being deleted.
  bool NamespaceLives(const std::string& ns) const;
  // Its label kInjectAnnotation is "false": its pods want no sidecars.
  bool OptedOut(const std::string& ns) const;
  // OpenShift says which users its pods get.
  bool AssignsUsers(const std::string& ns) const;
  const std::set<std::string>& trusted_namespaces() const;
  IndexSize sizes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
