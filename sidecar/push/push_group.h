// SPDX-License-Identifier: Apache-2.0
//
// One group of pushed metrics, and the families of all groups as the page has them. Pure,
// thread-compatible.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/exposition/family.h"

namespace telltale {

struct PushGroup {
  std::map<std::string, std::shared_ptr<const Family>> families;
  std::size_t series = 0;
  double pushed = 0, failed = 0;  // seconds since the epoch; 0: never
  SteadyTime changed{};           // last good push, or when it was made
};
using PushGroups = std::map<Labels, PushGroup>;

// A family as the page has it: of one or more groups.
struct PushedFamily {
  std::string name, help, unit;
  MetricType type = MetricType::kUntyped;
  std::vector<std::shared_ptr<const Family>> parts;
  // Of files: they are left out where the sidecar has a family of this name.
  std::vector<std::shared_ptr<const Family>> of_files;
};
using PushedFamilies = std::vector<PushedFamily>;  // by name

// The labels of a pushed series: those of the group win, and none is without an instance, so that a
// scrape with honor_labels gives it none.
void SetGroupLabels(const Labels& group, Labels& labels);

// Samples that a page has of it: a histogram has one for each bucket, and two.
std::size_t SamplesOf(const Family& family);

// Whether a family is push_time_seconds or push_failure_time_seconds, which PageOf makes.
bool IsTimeOfPush(std::string_view family);

std::shared_ptr<const PushedFamilies> PageOf(const PushGroups& groups);

// Both, sorted by name. A family of `files` with the name and another type of a pushed one is left
// out and counted in `hidden`.
std::shared_ptr<const PushedFamilies> Merged(std::shared_ptr<const PushedFamilies> pushed,
                                             const PushedFamilies& files, std::size_t& hidden);

}  // namespace telltale
