// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/resource_checks.h"

#include "common/base/strings.h"
#include "operator/model/metric_filter.h"
#include "operator/model/selection.h"
#include "operator/plan/status/pod_problems.h"

namespace telltale {
namespace {

void AddUnknownClasses(const StatusInput& input, Findings& findings) {
  if (!input.target.metrics) return;
  const std::set<std::string>& known = input.installation.scrape_classes;
  std::set<std::string> said;
  for (const Endpoint& endpoint : input.target.metrics->endpoints) {
    const std::string& name = endpoint.scrape_class;
    if (name.empty() || known.contains(name) || !said.insert(name).second) continue;
    findings.Add(
        Reason::kUnknownClass,
        "An endpoint names the scrape class " + name + ", and " +
            (known.empty() ? std::string("there is none")
                           : "there are " + Join({known.begin(), known.end()}, ", ")) +
            ": " +
            (known.empty() ? std::string("leave class out, or have it added to the chart's "
                                         "prometheus.scrapeClasses")
                           : std::string(Info(Reason::kUnknownClass).fix)) +
            ".");
  }
}

void AddFilters(const StatusInput& input, Findings& findings) {
  if (!input.target.metrics || input.target.suspend) return;
  const auto left_out = input.installation.filters_left_out;
  for (const Endpoint& endpoint : input.target.metrics->endpoints) {
    if (endpoint.filter.empty()) continue;
    if (!input.installation.filters) {
      findings.Add(Reason::kFilterUnsupported, Sentence(Reason::kFilterUnsupported));
      return;
    }
    if (left_out && left_out->contains(DocumentName(endpoint))) {
      findings.Add(Reason::kConfigTooLarge,
                   "The jobs of all filters in metrics.keep, drop and dropLabels share one "
                   "ConfigMap of at most 1 MiB, and this one does not fit: use a filter that "
                   "another resource has, or fewer patterns.");
      return;
    }
  }
}

}  // namespace

void AddResourceProblems(const StatusInput& input, Findings& findings) {
  const MonitoringTarget& target = input.target;
  if (target.logs && !input.installation.log_store) {
    findings.Add(Reason::kNoLogStore, Sentence(Reason::kNoLogStore));
  } else if (NodeAgentMissing(input)) {
    findings.Add(Reason::kNoNodeAgent, Sentence(Reason::kNoNodeAgent));
  }
  for (const auto& sentence : target.invalid) {
    findings.Add(Reason::kInvalid, sentence + ".");
  }
  if (!target.refused_tenant.empty()) {
    findings.Add(Reason::kTenantNotAllowed, target.refused_tenant);
  }
  if (AsksBeyondTrust(target, input.trusted_namespaces)) {
    findings.Add(Reason::kNotTrusted, "spec.namespaceSelector asks for namespaces other than " +
                                          target.meta.ns +
                                          ", which the operator does not trust with them: " +
                                          std::string(Info(Reason::kNotTrusted).fix) + ".");
  }
  AddUnknownClasses(input, findings);
  AddFilters(input, findings);
  for (const auto& problem : input.config.problems) {
    findings.Add(problem.reason, problem.message);
  }
  const bool selects = !target.selector.empty() || target.selector.match_all;
  if (!input.refused.empty() && input.pods.empty()) {
    findings.Add(Reason::kPodsRefused, input.refused);
  } else if (selects && input.pods.empty() && !HaveFinished(input)) {
    findings.Add(Reason::kNoPodsMatched,
                 "No pod in " + SearchedNamespaces(target, input.trusted_namespaces) +
                     " matches spec.selector: " + std::string(Info(Reason::kNoPodsMatched).fix) +
                     ".");
  }
}

bool NodeAgentMissing(const StatusInput& input) {
  const MonitoringTarget& target = input.target;
  if (target.suspend || !target.logs || input.installation.promtail) return false;
  if (target.logs->collector != LogsSpec::Collector::kNode || !input.view.known) return false;
  return input.view.node_agents() == 0 && !input.installation.agents_ask;
}

bool ConfigMissing(const StatusInput& input) {
  const MonitoringTarget& target = input.target;
  const bool node = input.installation.promtail && !target.suspend && target.logs &&
                    target.logs->collector == LogsSpec::Collector::kNode;
  if (!input.installation.writes_config || (!target.WantsSidecar() && !node)) return false;
  if (!input.config.problems.empty()) return true;
  // In other namespaces without pods there need not be a ConfigMap, as they need not exist.
  if (!input.config.written) {
    const bool selects = !target.selector.empty() || target.selector.match_all;
    return selects && (!target.namespaces || !input.pods.empty());
  }
  return *input.config.written < target.meta.generation;
}

std::string SearchedNamespaces(const MonitoringTarget& target,
                               const std::set<std::string>& trusted_namespaces) {
  const std::string own = "namespace " + target.meta.ns;
  if (!target.namespaces || !trusted_namespaces.contains(target.meta.ns)) return own;
  if (target.namespaces->any) return "any namespace";
  if (target.namespaces->labels) return "the namespaces that spec.namespaceSelector selects";
  const auto& names = target.namespaces->names;
  return (names.size() == 1 ? "namespace " : "namespaces ") + Join(names, ", ");
}

}  // namespace telltale
