// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/promtail_reconciler.h"

#include <string_view>
#include <utility>

namespace telltale {
namespace {

constexpr const char* kFile = "promtail.yaml";

}  // namespace

PromtailReconciler::PromtailReconciler(std::string own_namespace, PromtailOptions options,
                                       std::function<World()> world, const ConfigMapCache& held,
                                       ConfigOutcomes& outcomes, Api& api, Registry& registry,
                                       Clock& clock, std::function<std::string()> owner)
    : own_namespace_(std::move(own_namespace)),
      options_(std::move(options)),
      world_(std::move(world)),
      held_(held),
      writer_(kKey, kFile, "promtail-config", held, api, registry, clock, std::move(owner)),
      report_(outcomes, clock) {}

ReconcileResult PromtailReconciler::Reconcile(const std::string&) {
  const auto held = held_.Get(own_namespace_);
  std::string_view file;
  if (held) {
    if (const auto found = held->data.find(kFile); found != held->data.end()) file = found->second;
  }
  const PromtailPlan plan =
      PlanPromtailConfig(world_(), options_, file, writer_.Budget(own_namespace_));
  ConfigReport::Parts parts;
  for (const auto& [target, part] : plan.parts) {
    parts[target] = {part.generation, part.text.size(), part.held, plan.left_out.contains(target),
                     part.refused};
  }
  ReconcileResult result = writer_.Ensure(own_namespace_, {{kFile, plan.text}});
  report_.Tried(own_namespace_ + "/" + kKey, "Promtail's pods", parts, result);
  return result;
}

}  // namespace telltale
