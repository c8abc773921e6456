// SPDX-License-Identifier: Apache-2.0
//
// The plain way to the discovery document: every target against every pod, all planned and
// rendered at once. Too slow for a cluster, and so simple that what the index and the publisher
// keep up to date with every event is measured against it.
#pragma once

#include <string>
#include <vector>

#include "operator/model/selection.h"
#include "operator/model/world.h"
#include "operator/plan/discovery/sd_targets.h"

namespace telltale {

// Suspended targets match their pods too, but produce nothing.
std::vector<MatchedTarget> MatchAll(const World& world,
                                    const std::vector<std::shared_ptr<const Pod>>& pods);
std::string RenderHttpSd(const ScrapePlan& plan);
std::string WholeDocument(const World& world, const std::vector<std::shared_ptr<const Pod>>& pods);

}  // namespace telltale
