// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/promtail_reconciler.h"

#include <utility>

namespace telltale {
namespace {

constexpr const char* kFile = "promtail.yaml";

}  // namespace

PromtailReconciler::PromtailReconciler(std::string own_namespace, PromtailOptions options,
                                       std::function<World()> world, const ConfigMapCache& held,
                                       Api& api, Registry& registry, Clock& clock)
    : own_namespace_(std::move(own_namespace)),
      options_(std::move(options)),
      world_(std::move(world)),
      writer_(kKey, kFile, "promtail-config", held, api, registry, clock) {}

ReconcileResult PromtailReconciler::Reconcile(const std::string&) {
  return writer_.Ensure(own_namespace_, {{kFile, RenderPromtailConfig(world_(), options_)}});
}

}  // namespace telltale
