// SPDX-License-Identifier: Apache-2.0
//
// Writes metric families in the format that a scraper asked for: text 0.0.4 or 1.0.0, OpenMetrics
// 1.0, or delimited protobuf. Families come in the order of their names. A family is Begin, its
// metrics, End; the page ends with Finish, until which the names must live. Text that needs no
// escapes is written without an allocation. Thread-compatible.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/exposition/escaping.h"
#include "common/exposition/family.h"

namespace telltale {

enum class PageFormat { kText, kOpenMetrics, kProtobuf };

struct PageStyle {
  PageFormat format = PageFormat::kText;
  Escaping escaping = Escaping::kUnderscores;
  bool operator==(const PageStyle&) const = default;
};

struct FamilyHead {
  std::string_view name, help, unit;
  MetricType type = MetricType::kUntyped;
};

class PageWriter {
 public:
  // Appends to `out`.
  PageWriter(PageStyle style, std::string& out) : style_(style), out_(out) {}

  const PageStyle& style() const { return style_; }
  // Whether classic names stand on the page as they are, in lines of text: then text that was
  // rendered before may be appended to out() between Begin and End.
  bool takes_text() const {
    return style_.format != PageFormat::kProtobuf && style_.escaping != Escaping::kDots;
  }
  std::string& out() { return out_; }

  void Begin(const FamilyHead& head);
  void Add(const Metric& metric);
  // Metrics that are no Metric: a value, and a histogram with cumulative counts, the last of +Inf.
  void AddValue(const Labels& labels, double value);
  void AddHistogram(const Labels& labels, std::span<const double> bounds,
                    std::span<const std::uint64_t> cumulative, double sum);
  void End();
  void Finish();

 private:
  void BeginText(const FamilyHead& head);
  std::string_view OpenMetricsName(std::string_view name);
  void AppendSample(std::string_view suffix, const Labels& labels, double value,
                    std::string_view extra = {}, double bound = 0,
                    const Exemplar* exemplar = nullptr);
  void AppendLabel(std::string_view name, std::string_view value);
  void AddDistribution(const Metric& metric);
  void AddProto(const Labels& labels);  // with value_message_

  const PageStyle style_;
  std::string& out_;
  MetricType type_ = MetricType::kUntyped;
  std::string escaped_;
  std::string_view name_;  // of the family, as it stands on the page
  bool classic_name_ = true;
  bool first_label_ = true;
  // The names so far that begin the name of this family, the shortest first. OpenMetrics leaves
  // `_total` out of a counter's name, which must not be the name of a family before it.
  std::vector<std::string_view> prefixes_;
  std::string family_message_, metric_message_, value_message_;  // protobuf
};

}  // namespace telltale
