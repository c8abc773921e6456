// SPDX-License-Identifier: Apache-2.0
//
// ScrapeJobsReconciler: keeps the ConfigMap `telltale-scrape-jobs` of the operator's own namespace
// equal to the jobs that the targets' filters need; Prometheus reads it as scrape_config_files. It
// runs in a Controller of its own, whose queue gets kKey when that ConfigMap changed and by
// Changed. Without templates it does nothing. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "operator/kube/client/api.h"
#include "operator/model/world.h"
#include "operator/plan/configs/scrape_jobs.h"
#include "operator/reconcile/config_map_cache.h"
#include "operator/reconcile/config_map_writer.h"
#include "operator/reconcile/controller/controller.h"

namespace telltale {

class ScrapeJobsReconciler {
 public:
  static constexpr const char* kKey = "telltale-scrape-jobs";

  // `left_out_differs` is called when LeftOut may differ, by the Controller's thread.
  ScrapeJobsReconciler(std::string own_namespace, ScrapeJobTemplates templates,
                       std::function<World()> world, std::function<void()> left_out_differs,
                       Api& api, Registry& registry, Clock& clock,
                       std::function<std::string()> owner = {});

  bool enabled() const { return !templates_.empty(); }
  void Changed();                            // the targets
  ConfigMapCache& cache() { return held_; }  // of the ConfigMap kKey
  Controller& controller() { return controller_; }

  ReconcileResult Reconcile();
  // The documents (DocumentName) whose jobs did not fit the last time; null: none.
  std::shared_ptr<const std::set<std::string>> LeftOut() const;

 private:
  const std::string own_namespace_;
  const ScrapeJobTemplates templates_;
  const std::function<World()> world_;
  const std::function<void()> left_out_differs_;
  ConfigMapCache held_;
  ConfigMapWriter writer_;
  Controller controller_;
  mutable Mutex mutex_;
  std::shared_ptr<const std::set<std::string>> left_out_ GUARDED_BY(mutex_);
};

}  // namespace telltale
