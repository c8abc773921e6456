// SPDX-License-Identifier: Apache-2.0
//
// SidecarConfigReconciler: keeps the ConfigMap `telltale-sidecar` of each namespace equal to what
// the MonitoringTargets that look into it ask for. The key is a namespace; the key kAll means "the
// targets or the namespaces may have changed": it compares all namespaces and adds those that
// differ, so that nobody needs to know which ones a target looked into before.
//
// Level-based: what was written is read from the cache. Called by its Controller, which must have
// one worker.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "operator/kube/client/api.h"
#include "operator/model/world.h"
#include "operator/plan/configs/sidecar_config.h"
#include "operator/reconcile/config_map_cache.h"
#include "operator/reconcile/config_map_writer.h"
#include "operator/reconcile/config_outcomes.h"
#include "operator/reconcile/config_report.h"
#include "operator/reconcile/controller/controller.h"

namespace telltale {

class SidecarConfigReconciler {
 public:
  static constexpr const char* kAll = "*";  // no namespace is called so

  // `world` gives the targets and namespaces of now.
  // `outcomes` is told what became of each MonitoringTarget's configuration.
  // `add` is called with each namespace that kAll finds: it puts it into the controller's queue.
  SidecarConfigReconciler(SidecarConfigOptions options, std::function<World()> world,
                          const ConfigMapCache& held, ConfigOutcomes& outcomes, Api& api,
                          std::function<void(const std::string& ns)> add, Registry& registry,
                          Clock& clock, std::function<std::string()> owner = {});

  ReconcileResult Reconcile(const std::string& key);
  // For ControllerOptions::all_keys.
  std::vector<std::string> AllKeys() const { return {kAll}; }

 private:
  void CompareAll();
  // Takes out what does not fit; the parts as they are before a write.
  ConfigReport::Parts Fit(const World& world, const std::string& ns, ConfigMapData& wanted) const;
  void Report(const std::string& ns, const ConfigReport::Parts& parts,
              const ReconcileResult& result);
  void ReportGoing(const std::string& ns, ConfigReport::Parts parts);

  const SidecarConfigOptions options_;
  const std::function<World()> world_;
  const ConfigMapCache& held_;
  const std::function<void(const std::string&)> add_;
  ConfigMapWriter writer_;
  ConfigReport report_;
};

}  // namespace telltale
