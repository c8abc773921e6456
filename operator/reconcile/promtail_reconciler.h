// SPDX-License-Identifier: Apache-2.0
//
// PromtailReconciler: keeps the ConfigMap `telltale-promtail` of the operator's own namespace equal
// to the configuration of the node agents. It has one key, kKey, added whenever the targets, the
// namespaces or that ConfigMap may have changed. Level-based: what was written is read from the
// cache, so an edit by somebody else is put right at once. Called by its Controller, which must
// have one worker.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "operator/kube/client/api.h"
#include "operator/model/world.h"
#include "operator/plan/configs/promtail_config.h"
#include "operator/reconcile/config_map_cache.h"
#include "operator/reconcile/config_map_writer.h"
#include "operator/reconcile/config_outcomes.h"
#include "operator/reconcile/config_report.h"
#include "operator/reconcile/controller/controller.h"

namespace telltale {

class PromtailReconciler {
 public:
  static constexpr const char* kKey = "telltale-promtail";

  // `own_namespace` is the operator's; `held` caches the ConfigMap kKey of that namespace;
  // `outcomes` is told what became of each MonitoringTarget's part.
  PromtailReconciler(std::string own_namespace, PromtailOptions options,
                     std::function<World()> world, const ConfigMapCache& held,
                     ConfigOutcomes& outcomes, Api& api, Registry& registry, Clock& clock,
                     std::function<std::string()> owner = {});

  ReconcileResult Reconcile(const std::string& key);
  // For ControllerOptions::all_keys.
  std::vector<std::string> AllKeys() const { return {kKey}; }

 private:
  const std::string own_namespace_;
  const PromtailOptions options_;
  const std::function<World()> world_;
  const ConfigMapCache& held_;
  ConfigMapWriter writer_;
  ConfigReport report_;
};

}  // namespace telltale
