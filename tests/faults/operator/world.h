// SPDX-License-Identifier: Apache-2.0
//
// World: what users and the cluster's own controllers do to the objects that Telltale looks at,
// change by change, from a seed. What it makes first under the name "rock" it never touches again:
// those targets must be in every list that is ever served. One thread at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fakes/kube/cluster/fake_cluster.h"
#include "tests/faults/seeded.h"

namespace telltale::faults {

inline constexpr std::string_view kTargetsPath = "/apis/telltale.dev/v1alpha1/monitoringtargets";
// Images of sidecars: what this release injects, and what the one before did.
inline constexpr std::string_view kImage = "telltale/sidecar:2", kOldImage = "telltale/sidecar:1";
// What somebody writes into our ConfigMaps.
inline constexpr std::string_view kByHand = "by hand";

class World {
 public:
  World(FakeCluster& cluster, std::uint64_t seed);

  // `old_sidecars`: all that pods have are of the release before; else some of them.
  void Create(bool old_sidecars = false);
  static constexpr std::size_t kRockTargets = 3;
  // The address of a pod that is or was; null when there never was one with this uid.
  const std::string* AddressOf(const std::string& uid) const;
  // One change: of a pod, mostly; of a MonitoringTarget, a Namespace or a ConfigMap.
  void Change();

 private:
  struct Pod {
    std::string ns, name, uid, app, phase = "Running", ip;
    std::map<std::string, std::string> labels;
    bool ready = true, leaving = false, sidecar = false;
    std::string_view image;  // of the sidecar
    int port = 8080;
  };
  void PutPod(const Pod& pod);
  Pod NewPod(const std::string& ns, const std::string& app, std::string name);
  void ChangePod();
  void ReplacePod(std::size_t index, bool same_name);
  void ChangeTarget();
  void ChangeNamespace();
  void ChangeConfigMap();
  void PutNamespace(const std::string& name);
  // Server-side apply in the name of a user.
  void Apply(const std::string& path, const std::string& json);
  std::string RandomSpec();

  FakeCluster& cluster_;
  Seeded random_;
  std::vector<Pod> pods_;                         // those that may change
  std::vector<std::string> targets_;              // "ns/name" of those that may change
  std::map<std::string, std::string> addresses_;  // by uid, of all there ever were
  bool old_sidecars_ = false;
  int count_ = 0;
};

// Paths.
std::string PodPath(const std::string& ns, const std::string& name);
std::string TargetPath(const std::string& ns, const std::string& name);

}  // namespace telltale::faults
