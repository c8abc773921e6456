// SPDX-License-Identifier: Apache-2.0
//
// metrics and alert: stages that make something else of a line.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "common/base/clean_utf8.h"
#include "common/base/origin_labels.h"
#include "sidecar/pipeline/regex.h"
#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/time/go_duration.h"

namespace telltale {
namespace {

using Type = MetricSpec::Type;
using Action = MetricSpec::Action;

// A number, or a duration such as 1.5ms in seconds; true and false are 1 and 0.
bool ReadNumber(const Value& value, double& out) {
  if (value.kind == Value::Kind::kBool) {
    out = value.text == "true" ? 1 : 0;
    return true;
  }
  if (!value.has_text()) return false;
  std::string_view text = value.text;
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out);
  if (parsed.ec == std::errc() && parsed.ptr == end) return true;
  return ParseGoDuration(value.text, out);
}

class MetricsStage : public Stage {
 public:
  struct Metric {
    MetricSpec spec;
    std::size_t index, slot;
  };
  MetricsStage(std::vector<Metric> metrics, const StageContext& context)
      : metrics_(std::move(metrics)), context_(context) {}

  bool Run(LineState& line) const override {
    std::string key;
    for (const Metric& metric : metrics_) {
      const MetricSpec& spec = metric.spec;
      const Value& source = line.values[metric.slot];
      const bool all = spec.type == Type::kCounter && spec.match_all;
      if (!all && !source.present()) continue;
      if (spec.value && (!source.has_text() || source.text != *spec.value)) continue;
      double number = 1;
      if (all && spec.count_bytes) {
        number = static_cast<double>(line.text.size());
      } else if (NeedsNumber(spec) && !ReadNumber(source, number)) {
        continue;
      }
      // A counter that went down would be a restart for Prometheus.
      if (spec.type == Type::kCounter && !(number >= 0)) continue;
      if (key.empty()) AppendStreamKey(line, key);
      MetricDelta* delta = line.metrics.Find(metric.index, key,
                                             [&] { return StreamLabels(line, context_.labels_); });
      if (delta != nullptr) Apply(spec, number, *delta);
    }
    return true;
  }

 private:
  static bool NeedsNumber(const MetricSpec& spec) {
    return spec.type == Type::kHistogram || spec.action == Action::kAdd ||
           spec.action == Action::kSub || spec.action == Action::kSet;
  }

  static void Apply(const MetricSpec& spec, double number, MetricDelta& delta) {
    if (spec.type == Type::kHistogram) {
      delta.counts.resize(spec.buckets.size() + 1);
      const auto bucket = std::lower_bound(spec.buckets.begin(), spec.buckets.end(), number);
      ++delta.counts[static_cast<std::size_t>(bucket - spec.buckets.begin())];
      delta.value += number;
      return;
    }
    if (spec.action == Action::kSet) {
      delta.set = true;
      delta.base = number;
      delta.value = 0;
      return;
    }
    const bool down = spec.action == Action::kDec || spec.action == Action::kSub;
    delta.value += down ? -number : number;
  }

  std::vector<Metric> metrics_;
  const StageContext& context_;  // of the pipeline that owns the stage
};

class AlertStage : public Stage {
 public:
  AlertStage(std::size_t alert, std::optional<Regex> regex, int source, const StageContext& context)
      : alert_(alert), regex_(std::move(regex)), source_(source), context_(context) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (!StageInput(line, source_, text)) return true;
    if (regex_ && !regex_->Matches(text)) return true;
    if (line.alerts.size() == kMaxHits) return true;
    constexpr std::size_t kExcerpt = 1024;
    line.alerts.push_back({alert_, StreamLabels(line, context_.labels_),
                           std::string(line.text.substr(0, Utf8Cut(line.text, kExcerpt))),
                           line.time, line.offset});
    return true;
  }

 private:
  static constexpr std::size_t kMaxHits = 100;

  std::size_t alert_;
  std::optional<Regex> regex_;
  int source_;
  const StageContext& context_;
};

Status CheckMetric(const MetricSpec& spec) {
  const std::string full = spec.prefix + spec.name;
  const bool valid = IsLabelName(full);
  if (!valid) {
    return Fail(Code::kInvalid, "the name " + full +
                                    " must have letters, digits and underscores, and start with "
                                    "no digit");
  }
  // These prefixes belong to the sidecar's own metrics.
  if ((full.starts_with("telltale_") && !full.starts_with("telltale_custom_")) ||
      full.starts_with("process_")) {
    return Fail(Code::kInvalid, "the name " + full +
                                    " is of the sidecar's own metrics: choose "
                                    "another prefix");
  }
  if (spec.type == Type::kCounter && spec.action != Action::kInc && spec.action != Action::kAdd) {
    return Fail(Code::kInvalid, "the action of a counter must be inc or add");
  }
  if (spec.match_all && spec.value) {
    return Fail(Code::kInvalid, "takes matchAll or value, not both");
  }
  if (spec.match_all && spec.action == Action::kAdd && !spec.count_bytes && spec.source.empty()) {
    return Fail(Code::kInvalid, "matchAll with the action add needs countEntryBytes");
  }
  if (spec.count_bytes && (!spec.match_all || spec.action != Action::kAdd)) {
    return Fail(Code::kInvalid, "countEntryBytes needs matchAll: true and the action add");
  }
  for (std::size_t i = 0; i < spec.buckets.size(); ++i) {
    if (!std::isfinite(spec.buckets[i]) || (i > 0 && spec.buckets[i] <= spec.buckets[i - 1])) {
      return Fail(Code::kInvalid, "buckets must be finite and go up");
    }
  }
  return {};
}

// A histogram has the samples NAME_bucket, NAME_sum and NAME_count, which must be of no other
// metric, and a metric of one name must be the same wherever it stands.
Status CheckAgainst(const MetricSpec& spec, const MetricSpec& other) {
  const std::string name = spec.prefix + spec.name, other_name = other.prefix + other.name;
  if (name == other_name) {
    if (spec.type == other.type && spec.buckets == other.buckets) return {};
    return Fail(Code::kInvalid,
                "the name " + name + " is there with another type or other buckets");
  }
  const auto clash = [](const MetricSpec& histogram, const std::string& base,
                        const std::string& longer) {
    if (histogram.type != Type::kHistogram || !longer.starts_with(base)) return false;
    const std::string_view rest = std::string_view(longer).substr(base.size());
    return rest == "_bucket" || rest == "_sum" || rest == "_count";
  };
  if (clash(spec, name, other_name) || clash(other, other_name, name)) {
    return Fail(Code::kInvalid, "the names " + name + " and " + other_name +
                                    " clash: a histogram has samples of the longer name");
  }
  return {};
}

}  // namespace

Result<StagePtr> MakeStage(const MetricsStageSpec& spec, StageContext& context) {
  if (spec.metrics.empty()) return Fail(Code::kInvalid, "needs at least one metric");
  std::vector<MetricsStage::Metric> metrics;
  for (const MetricSpec& metric : spec.metrics) {
    const Status checked = CheckMetric(metric);
    if (!checked) return Context(metric.name, checked.error());
    for (const MetricSpec& other : context.metrics_) {
      const Status fits = CheckAgainst(metric, other);
      if (!fits) return Context(metric.name, fits.error());
    }
    if (context.metrics_.size() == 100) {
      return Fail(Code::kInvalid, "a pipeline takes at most 100 metrics");
    }
    const std::string& source = metric.source.empty() ? metric.name : metric.source;
    metrics.push_back(
        {metric, context.metrics_.size(), static_cast<std::size_t>(context.Slot(source))});
    context.metrics_.push_back(metric);
  }
  return StagePtr(std::make_unique<MetricsStage>(std::move(metrics), context));
}

Result<StagePtr> MakeStage(const AlertSpec& spec, StageContext& context) {
  if (spec.name.empty()) return Fail(Code::kInvalid, "needs a name");
  std::optional<Regex> regex;
  if (!spec.expression.empty()) {
    auto compiled = Regex::Compile(spec.expression);
    if (!compiled) return Context("expression", compiled.error());
    regex.emplace(std::move(*compiled));
  }
  if (spec.quiet_ms < 1000) return Fail(Code::kInvalid, "quiet must be at least 1s");
  for (const auto& [label, value] : spec.labels) {
    if (!IsLabelName(label)) {
      return Fail(Code::kInvalid, "labels: \"" + label +
                                      "\" is no label name: use letters, digits and _, not "
                                      "starting with a digit");
    }
    if (IsOriginLabel(label) || label == "alertname") {
      return Fail(Code::kInvalid, "labels: " + label +
                                      " is set by Telltale, as it says where the alert comes "
                                      "from: choose another name");
    }
  }
  const std::size_t index = context.alerts_.size();
  context.alerts_.push_back(spec);
  return StagePtr(
      std::make_unique<AlertStage>(index, std::move(regex), context.Source(spec.source), context));
}

}  // namespace telltale
