// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/promtail_reconciler.h"

#include <utility>

#include "operator/plan/configs/promtail_config.h"
#include "operator/plan/configs/world_digest.h"

namespace telltale {
namespace {

constexpr const char* kFile = "promtail.yaml";

}  // namespace

PromtailReconciler::PromtailReconciler(std::string own_namespace, std::string loki_url,
                                       std::function<World()> world, const ConfigMapCache& held,
                                       Api& api, Registry& registry, Clock& clock)
    : own_namespace_(std::move(own_namespace)),
      loki_url_(std::move(loki_url)),
      world_(std::move(world)),
      writer_(kKey, kFile, "promtail-config", held, api, registry, clock) {}

ReconcileResult PromtailReconciler::Reconcile(const std::string&) {
  const World world = world_();
  const std::uint64_t digest = WorldDigest(world);
  if (rendered_ != digest) {
    data_ = {{kFile, RenderPromtailConfig(world, {loki_url_})}};
    rendered_ = digest;
  }
  return writer_.Ensure(own_namespace_, data_);
}

}  // namespace telltale
