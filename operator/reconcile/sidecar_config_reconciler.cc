// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/sidecar_config_reconciler.h"

#include <algorithm>
#include <utility>

#include "operator/plan/configs/sidecar_config.h"

namespace telltale {
namespace {

// The API server refuses what is made in a namespace that is going away.
bool TakesWrites(const World& world, const std::string& ns) {
  const auto found = std::ranges::find(
      world.namespaces, ns, [](const auto& entry) -> const auto& { return entry->meta.name; });
  return found != world.namespaces.end() && !(*found)->meta.deleting;
}

}  // namespace

SidecarConfigReconciler::SidecarConfigReconciler(SidecarConfigOptions options,
                                                 std::function<World()> world,
                                                 const ConfigMapCache& held, Api& api,
                                                 std::function<void(const std::string& ns)> add,
                                                 Registry& registry, Clock& clock)
    : options_(std::move(options)),
      world_(std::move(world)),
      held_(held),
      add_(std::move(add)),
      writer_(std::string(kSidecarConfigMap), ".json", "sidecar-config", held, api, registry,
              clock) {}

ReconcileResult SidecarConfigReconciler::Reconcile(const std::string& key) {
  if (key == kAll) {
    CompareAll();
    return {};
  }
  const World world = world_();
  const auto wanted = PlanSidecarConfig(world, key, options_);
  if (wanted.empty()) return writer_.EnsureNone(key);
  if (!TakesWrites(world, key)) return {};  // its event, or its next life, comes here again
  return writer_.Ensure(key, wanted);
}

void SidecarConfigReconciler::CompareAll() {
  const World world = world_();
  const auto wanted = PlanSidecarConfigs(world, options_);
  for (const auto& [ns, data] : wanted) {
    if (!writer_.Holds(ns, data) && TakesWrites(world, ns)) add_(ns);
  }
  for (const auto& held : held_.List()) {
    if (IsOurs(*held) && !wanted.contains(held->meta.ns)) add_(held->meta.ns);
  }
}

}  // namespace telltale
