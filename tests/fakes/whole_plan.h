// SPDX-License-Identifier: Apache-2.0
//
// The plain way to the discovery document: every target against every pod, all planned and
// rendered at once. Too slow for a cluster, and so simple that what the index and the publisher
// keep up to date with every event is measured against it.
#pragma once

#include <string>
#include <vector>

#include "operator/model/pod_view.h"
#include "operator/model/selection.h"
#include "operator/model/world.h"
#include "operator/plan/discovery/pod_scrapes.h"

namespace telltale {

struct MatchedTarget {
  std::shared_ptr<const MonitoringTarget> target;
  std::vector<std::shared_ptr<const Pod>> pods;  // not finished; by namespace, then name
};

// Suspended targets match their pods too, but produce nothing.
std::vector<MatchedTarget> MatchAll(const World& world,
                                    const std::vector<std::shared_ptr<const Pod>>& pods);
// Sorted by resource, pod and endpoint.
std::vector<ScrapeTarget> PlanScrapes(const std::vector<MatchedTarget>& matched);
std::string RenderHttpSd(const std::vector<ScrapeTarget>& plan);

// What status sees of a pod, and of a target's pods; lives as long as they do.
PodView ViewOf(const Pod& pod);
std::vector<PodView> ViewsOf(const std::vector<std::shared_ptr<const Pod>>& pods);

std::string WholeDocument(const World& world, const std::vector<std::shared_ptr<const Pod>>& pods);

}  // namespace telltale
