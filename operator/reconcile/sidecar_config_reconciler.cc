// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/sidecar_config_reconciler.h"

#include <algorithm>
#include <utility>

#include "operator/plan/configs/config_budget.h"
#include "operator/plan/configs/sidecar_config.h"

namespace telltale {
namespace {

// The API server refuses what is made in a namespace that is going away.
bool TakesWrites(const World& world, const std::string& ns) {
  const auto found = std::ranges::find(
      world.namespaces, ns, [](const auto& entry) -> const auto& { return entry->meta.name; });
  return found != world.namespaces.end() && !(*found)->meta.deleting;
}

std::string ConfigMapOf(const std::string& ns) { return ns + "/" + std::string(kSidecarConfigMap); }

// The generation of a MonitoringTarget; targets are sorted by key.
std::int64_t GenerationOf(const World& world, const std::string& target_key) {
  const auto found = std::ranges::lower_bound(
      world.targets, target_key, {}, [](const auto& target) { return target->meta.Key(); });
  return found == world.targets.end() ? 0 : (*found)->meta.generation;
}

}  // namespace

SidecarConfigReconciler::SidecarConfigReconciler(
    SidecarConfigOptions options, std::function<World()> world, const ConfigMapCache& held,
    ConfigOutcomes& outcomes, Api& api, std::function<void(const std::string& ns)> add,
    Registry& registry, Clock& clock, std::function<std::string()> owner)
    : options_(std::move(options)),
      world_(std::move(world)),
      held_(held),
      add_(std::move(add)),
      writer_(std::string(kSidecarConfigMap), ".json", "sidecar-config", held, api, registry, clock,
              std::move(owner)),
      report_(outcomes, clock) {}

ReconcileResult SidecarConfigReconciler::Reconcile(const std::string& key) {
  if (key == kAll) {
    CompareAll();
    return {};
  }
  const World world = world_();
  auto wanted = PlanSidecarConfig(world, key, options_);
  if (wanted.empty()) {
    report_.Nothing(ConfigMapOf(key));
    return writer_.EnsureNone(key);
  }
  const auto parts = Fit(world, key, wanted);
  // A namespace that is going away comes here again with its event, or when it is made again.
  if (!TakesWrites(world, key)) {
    ReportGoing(key, parts);
    return {};
  }
  ReconcileResult result = writer_.Ensure(key, wanted);
  Report(key, parts, result);
  return result;
}

ConfigReport::Parts SidecarConfigReconciler::Fit(const World& world, const std::string& ns,
                                                 ConfigMapData& wanted) const {
  const auto held = held_.Get(ns);
  ConfigReport::Parts parts;
  std::map<std::string, BudgetPart> sizes;
  for (const auto& [key, json] : wanted) {
    const std::string target = TargetOfSidecarConfigKey(key);
    const auto in_place = held ? held->data.find(key) : ConfigMapData::const_iterator();
    const bool there = held && in_place != held->data.end();
    parts[target] = {GenerationOf(world, target), json.size(), there && in_place->second == json,
                     false};
    sizes[key] = {json.size(), there};
  }
  for (const auto& key : OverBudget(sizes, writer_.Budget(ns))) {
    parts[TargetOfSidecarConfigKey(key)].left_out = true;
    wanted.erase(key);
  }
  return parts;
}

void SidecarConfigReconciler::Report(const std::string& ns, const ConfigReport::Parts& parts,
                                     const ReconcileResult& result) {
  report_.Tried(ConfigMapOf(ns), "the sidecars of namespace " + ns, parts, result);
}

// In a namespace that is going away there is nothing to wait for.
void SidecarConfigReconciler::ReportGoing(const std::string& ns, ConfigReport::Parts parts) {
  for (auto& [target, part] : parts) part = {part.generation, part.bytes, true, false};
  Report(ns, parts, {});
}

void SidecarConfigReconciler::CompareAll() {
  const World world = world_();
  auto all = PlanSidecarConfigs(world, options_);
  for (auto& [ns, wanted] : all) {
    const auto parts = Fit(world, ns, wanted);
    if (!TakesWrites(world, ns)) {
      ReportGoing(ns, parts);
    } else if (writer_.Holds(ns, wanted)) {
      Report(ns, parts, {});
    } else {
      add_(ns);
    }
  }
  for (const auto& held : held_.List()) {
    const std::string& ns = held->meta.ns;
    if (all.contains(ns)) continue;
    report_.Nothing(ConfigMapOf(ns));
    if (IsOurs(*held)) add_(ns);
  }
}

}  // namespace telltale
