// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/page_writer.h"

#include <cmath>
#include <limits>

#include "common/exposition/consistency.h"
#include "common/exposition/proto_writer.h"
#include "common/exposition/text_format.h"

namespace telltale {
namespace {

constexpr std::string_view kTotal = "_total";

void AppendQuoted(std::string_view name, std::string& out) {
  out += '"';
  AppendEscaped(name, true, out);
  out += '"';
}

}  // namespace

void PageWriter::Begin(const FamilyHead& head) {
  type_ = head.type;
  name_ = head.name;
  classic_name_ = IsClassicName(name_, NameKind::kMetric);
  if (!classic_name_ || style_.escaping == Escaping::kDots) {
    name_ = escaped_ = EscapeName(head.name, NameKind::kMetric, style_.escaping);
    classic_name_ = style_.escaping != Escaping::kAllowUtf8;
  }
  if (style_.format != PageFormat::kProtobuf) return BeginText(head);
  family_message_.clear();
  proto::AppendFamilyHead({name_, head.help, head.unit, head.type}, family_message_);
}

// The name of a counter's family: without `_total`, unless it has none or the rest is taken.
std::string_view PageWriter::OpenMetricsName(std::string_view name) {
  while (!prefixes_.empty() && !name.starts_with(prefixes_.back())) prefixes_.pop_back();
  const bool total = type_ == MetricType::kCounter && name.size() > kTotal.size() &&
                     name.ends_with(kTotal) && name_.ends_with(kTotal);
  const std::size_t base = name.size() - kTotal.size();
  const bool taken = total && !prefixes_.empty() && prefixes_.back() == name.substr(0, base);
  prefixes_.push_back(name);
  return total && !taken ? name_.substr(0, name_.size() - kTotal.size()) : name_;
}

void PageWriter::BeginText(const FamilyHead& head) {
  const bool openmetrics = style_.format == PageFormat::kOpenMetrics;
  std::string_view name = name_;
  std::string_view type = TypeName(head.type);
  if (openmetrics) {
    name = OpenMetricsName(head.name);
    const bool odd_counter = head.type == MetricType::kCounter && name.size() == name_.size();
    if (odd_counter || head.type == MetricType::kUntyped) type = "unknown";
  }
  const auto line = [&](std::string_view keyword) -> std::string& {
    out_.append("# ").append(keyword).append(" ");
    if (classic_name_) {
      out_ += name;
    } else {
      AppendQuoted(name, out_);
    }
    return out_.append(" ");
  };
  if (!head.help.empty()) {
    AppendEscaped(head.help, openmetrics, line("HELP"));
    out_ += '\n';
  }
  line("TYPE").append(type).append("\n");
  if (openmetrics && !head.unit.empty() && name.size() > head.unit.size() + 1 &&
      name.ends_with(head.unit) && name[name.size() - head.unit.size() - 1] == '_') {
    line("UNIT").append(head.unit).append("\n");
  }
}

void PageWriter::AppendLabel(std::string_view name, std::string_view value) {
  if (!first_label_) out_ += ',';
  first_label_ = false;
  const bool as_it_is = style_.escaping != Escaping::kDots && IsClassicName(name, NameKind::kLabel);
  if (as_it_is) {
    out_ += name;
  } else if (style_.escaping == Escaping::kAllowUtf8) {
    AppendQuoted(name, out_);
  } else {
    out_ += EscapeName(name, NameKind::kLabel, style_.escaping);
  }
  out_ += "=\"";
  AppendEscaped(value, true, out_);
  out_ += '"';
}

void PageWriter::AppendSample(std::string_view suffix, const Labels& labels, double value,
                              std::string_view extra, double bound, const Exemplar* exemplar) {
  const bool openmetrics = style_.format == PageFormat::kOpenMetrics;
  first_label_ = true;
  const bool braces = !classic_name_ || !labels.empty() || !extra.empty();
  if (classic_name_) out_.append(name_).append(suffix);
  if (braces) out_ += '{';
  if (!classic_name_) {
    AppendQuoted(std::string(name_).append(suffix), out_);
    first_label_ = false;
  }
  for (const auto& [label, text] : labels) AppendLabel(label, text);
  if (!extra.empty()) {
    std::string text;
    openmetrics ? AppendOpenMetricsBound(bound, text) : AppendDouble(bound, text);
    AppendLabel(extra, text);
  }
  out_.append(braces ? "} " : " ");
  AppendDouble(value, out_);
  if (openmetrics && exemplar != nullptr) {
    out_ += " # {";
    first_label_ = true;
    for (const auto& [name, text] : exemplar->labels) AppendLabel(name, text);
    out_ += "} ";
    AppendDouble(exemplar->value, out_);
    if (exemplar->timestamp) {
      out_ += ' ';
      AppendDouble(*exemplar->timestamp, out_);
    }
  }
  out_ += '\n';
}

void PageWriter::AddDistribution(const Metric& metric) {
  const Distribution& distribution = *metric.distribution;
  const bool histogram = type_ == MetricType::kHistogram;
  bool has_infinity = !histogram;
  for (const Bucket& bucket : distribution.buckets) {
    AppendSample(histogram ? "_bucket" : "", metric.labels, bucket.value,
                 histogram ? "le" : "quantile", bucket.bound, bucket.exemplar.get());
    if (std::isinf(bucket.bound) && bucket.bound > 0) has_infinity = true;
  }
  if (!has_infinity) {
    AppendSample("_bucket", metric.labels, distribution.count, "le",
                 std::numeric_limits<double>::infinity());
  }
  AppendSample("_sum", metric.labels, distribution.sum);
  AppendSample("_count", metric.labels, distribution.count);
}

void PageWriter::AddProto(const Labels& labels) {
  metric_message_.clear();
  for (const auto& [name, text] : labels) {
    proto::AppendLabel(EscapeName(name, NameKind::kLabel, style_.escaping), text, metric_message_);
  }
  proto::AppendValueMessage(type_, value_message_, metric_message_);
  proto::AppendMetric(metric_message_, family_message_);
}

void PageWriter::Add(const Metric& metric) {
  if (style_.format == PageFormat::kProtobuf) {
    value_message_.clear();
    proto::AppendValue(metric, type_, value_message_);
    AddProto(metric.labels);
  } else if (metric.distribution != nullptr) {
    AddDistribution(metric);
  } else {
    const bool counter = type_ == MetricType::kCounter && name_.ends_with(kTotal);
    AppendSample("", metric.labels, metric.value, {}, 0, counter ? metric.exemplar.get() : nullptr);
  }
}

void PageWriter::AddValue(const Labels& labels, double value) {
  if (style_.format != PageFormat::kProtobuf) return AppendSample("", labels, value);
  value_message_.clear();
  proto::AppendNumber(value, value_message_);
  AddProto(labels);
}

void PageWriter::AddHistogram(const Labels& labels, std::span<const double> bounds,
                              std::span<const std::uint64_t> cumulative, double sum) {
  const auto count = cumulative.back();
  if (style_.format == PageFormat::kProtobuf) {
    value_message_.clear();
    proto::AppendHistogram(bounds, cumulative, sum, value_message_);
    return AddProto(labels);
  }
  for (std::size_t i = 0; i < cumulative.size(); ++i) {
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    AppendSample("_bucket", labels, static_cast<double>(cumulative[i]), "le", bound);
  }
  AppendSample("_sum", labels, sum);
  AppendSample("_count", labels, static_cast<double>(count));
}

void PageWriter::End() {
  if (style_.format == PageFormat::kProtobuf) proto::AppendFamily(family_message_, out_);
}

void PageWriter::Finish() {
  if (style_.format == PageFormat::kOpenMetrics) out_ += "# EOF\n";
}

}  // namespace telltale
