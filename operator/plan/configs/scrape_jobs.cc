// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/scrape_jobs.h"

#include <utility>

#include "common/base/strings.h"
#include "common/text/json_writer.h"
#include "operator/model/metric_filter.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {
namespace {

constexpr std::string_view kNoClass = "-";  // no name of a class
constexpr std::string_view kFilter = "%FILTER%";
constexpr std::string_view kRules = "\"%RULES%\"";
constexpr std::string_view kHead = "{\"scrape_configs\":[";
constexpr std::string_view kEnd = "\n]}\n";

std::string Replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  for (std::size_t at = text.find(what); at != std::string_view::npos; at = text.find(what)) {
    out.append(text.substr(0, at)).append(with);
    text.remove_prefix(at + what.size());
  }
  return out.append(text);
}

// Prometheus anchors the expression of a rule.
void WriteRule(const std::vector<std::string>& patterns, std::string_view action, bool of_names,
               std::string& out) {
  if (patterns.empty()) return;
  if (!out.empty()) out += ',';
  std::string text;
  JsonWriter writer(&text);
  writer.BeginObject();
  if (of_names) writer.Key("source_labels").BeginArray().String("__name__").EndArray();
  writer.Field("regex", Regex::WithPythonNames(AnyOf(patterns))).Field("action", action);
  writer.EndObject();
  out += text;
}

std::string RulesOf(const MetricFilter& filter) {
  std::string rules;
  WriteRule(filter.keep, "keep", true, rules);
  WriteRule(filter.drop, "drop", true, rules);
  WriteRule(filter.drop_labels, "labeldrop", false, rules);
  return rules;
}

// By DocumentName.
std::map<std::string, std::string> JobsOf(const World& world, const ScrapeJobTemplates& templates) {
  std::map<std::string, std::string> jobs;
  for (const auto& target : world.targets) {
    if (target->suspend || !target->metrics) continue;
    for (const Endpoint& endpoint : target->metrics->endpoints) {
      if (endpoint.filter.empty()) continue;
      const auto found = templates.find(endpoint.scrape_class);
      if (found == templates.end()) continue;  // of which status says UnknownClass
      auto [job, made] = jobs.try_emplace(DocumentName(endpoint));
      if (!made) continue;
      job->second = Replaced(Replaced(found->second, kFilter, FilterName(endpoint.filter)), kRules,
                             RulesOf(endpoint.filter));
    }
  }
  return jobs;
}

}  // namespace

Result<ScrapeJobTemplates> ParseScrapeJobTemplates(std::string_view text) {
  ScrapeJobTemplates templates;
  for (const std::string_view line : Split(text, '\n')) {
    if (line.empty()) continue;
    const std::size_t space = line.find(' ');
    const std::string_view job = space == std::string_view::npos ? "" : line.substr(space + 1);
    if (job.find(kFilter) == std::string_view::npos || job.find(kRules) == std::string_view::npos) {
      return Fail(Code::kInvalid, "the line \"" + std::string(line.substr(0, 40)) +
                                      "\" must be CLASS and a job with %FILTER% and \"%RULES%\"");
    }
    const std::string_view name = line.substr(0, space);
    templates.insert_or_assign(std::string(name == kNoClass ? "" : name), std::string(job));
  }
  return templates;
}

ScrapeJobsPlan PlanScrapeJobs(const World& world, const ScrapeJobTemplates& templates,
                              std::size_t budget) {
  ScrapeJobsPlan plan{std::string(kHead), {}};
  bool first = true;
  for (const auto& [name, job] : JobsOf(world, templates)) {
    if (plan.text.size() + job.size() + 2 + kEnd.size() > budget) {
      plan.left_out.insert(name);
      continue;
    }
    plan.text.append(std::exchange(first, false) ? "\n" : ",\n").append(job);
  }
  plan.text += kEnd;
  return plan;
}

}  // namespace telltale
