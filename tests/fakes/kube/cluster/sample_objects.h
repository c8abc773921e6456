// SPDX-License-Identifier: Apache-2.0
//
// Objects of the size and shape that clusters have, for fake_apiserver and for tests of speed.
// Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/fakes/kube/cluster/fake_cluster.h"

namespace telltale {

// A cluster with so many running pods (5 to 6 KB each, 20 to an application) and MonitoringTargets,
// each of which selects one application.
struct SampleSize {
  int pods = 0, targets = 0, namespaces = 1;
};

class SampleObjects {
 public:
  SampleObjects(SampleSize size, FakeCluster& cluster);

  // Puts everything.
  Status Fill();
  // Pod `index` as it is after `round` changes: readiness and the conditions' times move.
  Status PutPod(int index, int round);
  std::string PodPath(int index) const;

 private:
  std::string Namespace(int index) const;
  std::string App(int index) const;

  const SampleSize size_;
  FakeCluster& cluster_;
  std::shared_ptr<const ObjectTemplate> pod_;
};

}  // namespace telltale
