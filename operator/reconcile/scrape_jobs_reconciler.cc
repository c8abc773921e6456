// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/scrape_jobs_reconciler.h"

#include <utility>

namespace telltale {
namespace {

constexpr const char* kFile = "jobs.yaml";

}  // namespace

ScrapeJobsReconciler::ScrapeJobsReconciler(std::string own_namespace, ScrapeJobTemplates templates,
                                           std::function<World()> world,
                                           std::function<void()> left_out_differs, Api& api,
                                           Registry& registry, Clock& clock,
                                           std::function<std::string()> owner)
    : own_namespace_(std::move(own_namespace)),
      templates_(std::move(templates)),
      world_(std::move(world)),
      left_out_differs_(std::move(left_out_differs)),
      writer_(kKey, kFile, "scrape-jobs", held_, api, registry, clock, std::move(owner)),
      controller_(
          {.name = "scrape-jobs",
           .all_keys =
               [this] {
                 return enabled() ? std::vector<std::string>{kKey} : std::vector<std::string>();
               }},
          [this](const std::string&) { return Reconcile(); }, registry, clock) {
  held_.OnChange([this](const std::string&) { Changed(); });
}

void ScrapeJobsReconciler::Changed() {
  if (enabled()) controller_.queue().Add(kKey);
}

ReconcileResult ScrapeJobsReconciler::Reconcile() {
  ScrapeJobsPlan plan = PlanScrapeJobs(world_(), templates_, writer_.Budget(own_namespace_));
  bool differs = false;
  {
    MutexLock lock(mutex_);
    differs = left_out_ ? *left_out_ != plan.left_out : !plan.left_out.empty();
    left_out_ = plan.left_out.empty()
                    ? nullptr
                    : std::make_shared<const std::set<std::string>>(std::move(plan.left_out));
  }
  if (differs) left_out_differs_();
  return writer_.Ensure(own_namespace_, {{kFile, plan.text}});
}

std::shared_ptr<const std::set<std::string>> ScrapeJobsReconciler::LeftOut() const {
  MutexLock lock(mutex_);
  return left_out_;
}

}  // namespace telltale
