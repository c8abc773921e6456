// SPDX-License-Identifier: Apache-2.0
//
// ReleaseWatch: what the operator must know of its own installation and of others in the cluster.
//
//  - Others: two installations would rewrite each other's ConfigMaps and statuses for ever. Each
//    has a MutatingWebhookConfiguration, with webhooks or without. The one whose is older writes;
//    the other one waits until that is gone, and says so.
//  - The owner: what the operator makes names the ClusterRole of its installation as its owner, so
//    Kubernetes removes it when the installation is removed.
//
// Threads: Run, or LookOnce, belongs to one thread; Stop and the readers are for any.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "common/metrics/registry.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/api.h"
#include "operator/reconcile/prometheus/trigger.h"
#include "operator/store/published.h"

namespace telltale {

struct ReleaseOptions {
  std::string configuration;  // name of our MutatingWebhookConfiguration
  std::string owner_role;     // name of the ClusterRole; empty: nothing has an owner
};

class ReleaseWatch {
 public:
  // `api` is used whether this replica leads or not; only for reading.
  ReleaseWatch(ReleaseOptions options, Api& api, Registry& registry);

  void Run();
  void Stop() { trigger_.Stop(); }
  void LookOnce();

  // True until the first look, and while an older installation is there.
  bool Yields() const;
  // The name of the older installation's MutatingWebhookConfiguration; empty: there is none.
  std::string Older() const;
  // {"apiVersion":...,"kind":"ClusterRole",...} for metadata.ownerReferences; empty: none is known.
  std::string Owner() const;

 private:
  Result<std::string> FindOlder();
  Result<std::string> FindOwner();

  const ReleaseOptions options_;
  Api& api_;
  Trigger trigger_;
  JsonParser parser_;
  std::atomic<bool> looked_{false};
  Published<std::string> older_, owner_;
  std::string complaint_;  // logged already
  Gauge& yields_;
};

}  // namespace telltale
