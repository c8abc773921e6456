// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_group.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace telltale {
namespace {

constexpr std::string_view kPushed = "push_time_seconds";
constexpr std::string_view kFailed = "push_failure_time_seconds";
constexpr std::string_view kPushedHelp =
    "Last Unix time when changing this group in the Pushgateway succeeded.";
constexpr std::string_view kFailedHelp =
    "Last Unix time when changing this group in the Pushgateway failed.";

std::shared_ptr<const Family> TimeFamily(std::string_view name, const Labels& group, double time) {
  auto family = std::make_shared<Family>();
  family->name = name;
  family->help = name == kPushed ? kPushedHelp : kFailedHelp;
  family->type = MetricType::kGauge;
  Metric& metric = family->metrics.emplace_back();
  SetGroupLabels(group, metric.labels);
  metric.value = time;
  return family;
}

}  // namespace

void SetGroupLabels(const Labels& group, Labels& labels) {
  for (const auto& [name, value] : group) SetLabel(labels, name, value);
  if (FindLabel(labels, "instance") == nullptr) SetLabel(labels, "instance", "");
}

std::size_t SamplesOf(const Family& family) {
  std::size_t count = 0;
  for (const Metric& metric : family.metrics) {
    ++count;
    // Fields of a native histogram have at least a byte per bucket.
    if (metric.distribution) {
      count += 2 + metric.distribution->buckets.size() + metric.distribution->native.size() / 2;
    }
  }
  return count;
}

bool IsTimeOfPush(std::string_view family) { return family == kPushed || family == kFailed; }

std::shared_ptr<const PushedFamilies> PageOf(const PushGroups& groups) {
  std::map<std::string, PushedFamily> by_name;
  const auto add = [&](std::shared_ptr<const Family> family) {
    PushedFamily& into = by_name[family->name];
    if (into.parts.empty()) {
      into.name = family->name;
      into.type = family->type;
    }
    if (into.help.empty()) into.help = family->help;
    if (into.unit.empty()) into.unit = family->unit;
    into.parts.push_back(std::move(family));
  };
  for (const auto& [labels, group] : groups) {
    add(TimeFamily(kPushed, labels, group.pushed));
    add(TimeFamily(kFailed, labels, group.failed));
    for (const auto& [name, family] : group.families) add(family);
  }
  auto page = std::make_shared<PushedFamilies>();
  for (auto& [name, family] : by_name) page->push_back(std::move(family));
  return page;
}

std::shared_ptr<const PushedFamilies> Merged(std::shared_ptr<const PushedFamilies> pushed,
                                             const PushedFamilies& files, std::size_t& hidden) {
  if (files.empty()) return pushed;
  auto all = std::make_shared<PushedFamilies>(*pushed);
  const std::size_t count = all->size();
  for (const PushedFamily& family : files) {
    const auto end = all->begin() + static_cast<std::ptrdiff_t>(count);
    const auto same =
        std::lower_bound(all->begin(), end, family.name,
                         [](const PushedFamily& f, const std::string& n) { return f.name < n; });
    if (same == end || same->name != family.name) {
      all->push_back(family);
    } else if (same->type == family.type) {
      same->of_files = family.of_files;
    } else {
      ++hidden;
    }
  }
  std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace telltale
