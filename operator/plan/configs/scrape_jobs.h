// SPDX-License-Identifier: Apache-2.0
//
// The jobs of Prometheus for endpoints that filter their metrics: one for all with the same filter
// in the same scrape class, in the form of a file of scrape_config_files. What a job looks like
// beside its filter is the administrator's and comes as a template. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "operator/model/world.h"

namespace telltale {

inline constexpr std::string_view kScrapeJobsConfigMap = "telltale-scrape-jobs";

// By scrape class, "" for none: a job as one line of JSON, with %FILTER% where the filter's name
// stands and the string "%RULES%" in its list metric_relabel_configs.
using ScrapeJobTemplates = std::map<std::string, std::string>;

// Of lines "CLASS JSON", with "-" for no class.
Result<ScrapeJobTemplates> ParseScrapeJobTemplates(std::string_view text);

struct ScrapeJobsPlan {
  std::string text;                // the file
  std::set<std::string> left_out;  // by DocumentName, what does not fit into the budget
};
ScrapeJobsPlan PlanScrapeJobs(const World& world, const ScrapeJobTemplates& templates,
                              std::size_t budget);

}  // namespace telltale
