// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/promtail_reconciler.h"

#include <set>
#include <string_view>
#include <utility>

namespace telltale {
namespace {

constexpr const char* kFile = "promtail.yaml";

// The elements of the list under scrape_configs. No text in them has a line break of its own: the
// writer quotes and escapes every string.
std::set<std::string_view> ScrapeConfigsOf(std::string_view file) {
  constexpr std::string_view kBegin = "\n  - job_name: ";
  std::set<std::string_view> parts;
  std::size_t begin = file.find(kBegin);
  while (begin != std::string_view::npos) {
    ++begin;
    const std::size_t next = file.find(kBegin, begin);
    parts.insert(file.substr(begin, next == std::string_view::npos ? next : next + 1 - begin));
    begin = next;
  }
  return parts;
}

}  // namespace

PromtailReconciler::PromtailReconciler(std::string own_namespace, PromtailOptions options,
                                       std::function<World()> world, const ConfigMapCache& held,
                                       ConfigOutcomes& outcomes, Api& api, Registry& registry,
                                       Clock& clock)
    : own_namespace_(std::move(own_namespace)),
      options_(std::move(options)),
      world_(std::move(world)),
      held_(held),
      writer_(kKey, kFile, "promtail-config", held, api, registry, clock),
      report_(outcomes, clock) {}

ReconcileResult PromtailReconciler::Reconcile(const std::string&) {
  const PromtailPlan plan = PlanPromtailConfig(world_(), options_, writer_.Budget(own_namespace_));
  const auto held = held_.Get(own_namespace_);
  std::set<std::string_view> in_place;
  if (held) {
    const auto file = held->data.find(kFile);
    if (file != held->data.end()) in_place = ScrapeConfigsOf(file->second);
  }
  ConfigReport::Parts parts;
  for (const auto& [target, part] : plan.parts) {
    const bool left_out = plan.left_out.contains(target);
    parts[target] = {part.generation, part.text.size(), in_place.contains(part.text), left_out};
  }
  ReconcileResult result = writer_.Ensure(own_namespace_, {{kFile, plan.text}});
  report_.Tried(own_namespace_ + "/" + kKey, "Promtail's pods", parts, result);
  return result;
}

}  // namespace telltale
