// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_metrics.h"

#include <iterator>
#include <optional>

#include "common/base/strings.h"
#include "operator/plan/configs/stage_numbers.h"

namespace telltale {
namespace {

// What the names of Promtail's own metrics begin with. Another type or help text under one of them
// makes the whole page an error.
constexpr std::string_view kOwnMetrics[] = {
    "cortex_",  "deprecated_",  "dskit_",      "go_",       "inflight_requests",
    "jaeger_",  "log_messages", "logentry_",   "loki_",     "memberlist_",
    "net_",     "process_",     "prometheus_", "promhttp_", "promtail_",
    "request_", "response_",    "tcp_"};

std::string ScalarOf(const YamlNode& map, std::string_view key) {
  const YamlNode* found = map.Find(key);
  return found == nullptr ? "" : found->scalar;
}

std::string BucketsProblem(const YamlNode& buckets) {
  std::optional<double> last;
  for (const YamlNode& item : buckets.items) {
    const auto number = item.quoted ? std::nullopt : NumberOf(item.scalar);
    if (!number || (last && *number <= *last)) return "buckets must be finite numbers that go up";
    last = number;
  }
  return "";
}

std::string CountingProblem(const YamlNode& metric, const std::string& type) {
  const std::string action = ScalarOf(metric, "action");
  const bool up = action == "inc" || action == "add";
  const bool known = up || action == "dec" || action == "sub" || action == "set";
  if (type == "histogram") return "";
  if (type != "counter" && type != "gauge") return "the type must be counter, gauge or histogram";
  if (!known || (type == "counter" && !up)) return "needs an action that a " + type + " knows";
  if (type == "gauge") return "";
  const bool all = ScalarOf(metric, "match_all") == "true";
  const bool bytes = ScalarOf(metric, "count_entry_bytes") == "true";
  if (all && metric.Find("value") != nullptr) return "takes matchAll or value, not both";
  if (bytes && (!all || action != "add")) return "countEntryBytes needs matchAll and action add";
  return "";
}

std::string NameProblem(const std::string& name) {
  if (!IsLabelName(name)) return "the name " + name + " is no name of a metric";
  for (const std::string_view own : kOwnMetrics) {
    if (name.starts_with(own)) {
      return "the name " + name + " is one of Promtail's own metrics: choose another prefix";
    }
  }
  return "";
}

constexpr std::string_view kSamples[] = {"_bucket", "_count", "_sum"};

bool IsSampleOf(const PromtailMetric& histogram, std::string_view longer) {
  if (histogram.type != "histogram" || !longer.starts_with(histogram.name)) return false;
  const std::string_view rest = longer.substr(histogram.name.size());
  return rest == "_bucket" || rest == "_sum" || rest == "_count";
}

}  // namespace

std::string MetricProblem(const PromtailMetric& metric, const YamlNode& options) {
  if (const YamlNode* buckets = options.Find("buckets")) {
    if (std::string wrong = BucketsProblem(*buckets); !wrong.empty()) return wrong;
  }
  std::string wrong = CountingProblem(options, metric.type);
  return wrong.empty() ? NameProblem(metric.name) : wrong;
}

bool Clash(const PromtailMetric& a, const PromtailMetric& b) {
  if (a.name == b.name) return a.type != b.type;
  return IsSampleOf(a, b.name) || IsSampleOf(b, a.name);
}

const PromtailMetric* MetricNames::Find(const PromtailMetric& metric) const {
  const auto clashing = [&](const std::string& name) -> const PromtailMetric* {
    const auto found = taken_.find(name);
    return found != taken_.end() && Clash(found->second, metric) ? &found->second : nullptr;
  };
  if (const auto* same = clashing(metric.name)) return same;
  for (const std::string_view end : kSamples) {
    if (const auto* sample = clashing(metric.name + std::string(end))) return sample;
    if (!metric.name.ends_with(end)) continue;
    const std::string base = metric.name.substr(0, metric.name.size() - end.size());
    if (const auto* histogram = clashing(base)) return histogram;
  }
  return nullptr;
}

std::string MetricNames::Take(const std::vector<PromtailMetric>& metrics) {
  for (const PromtailMetric& metric : metrics) {
    const PromtailMetric* other = Find(metric);
    if (other == nullptr) continue;
    return "spec.logs.pipeline: the metric " + metric.name + ", a " + metric.type +
           ", clashes with " + other->name + ", a " + other->type +
           " of another MonitoringTarget on Promtail's page: choose another name or prefix";
  }
  for (const PromtailMetric& metric : metrics) taken_.emplace(metric.name, metric);
  return "";
}

}  // namespace telltale
