// SPDX-License-Identifier: Apache-2.0
//
// The registry's page, in each format.
#include <array>
#include <cstddef>

#include "common/exposition/text_format.h"
#include "common/metrics/registry_families.h"

namespace telltale {
namespace {

// The number of a series that is a counter or a gauge.
template <class Value>
double NumberOf(const Value& value) {
  if (const auto* counter = std::get_if<Counter>(&value)) {
    return static_cast<double>(counter->Value());
  }
  return std::get<Gauge>(value).Value();
}

}  // namespace

void Registry::Refresh() {
  MutexLock one_at_a_time(render_mutex_);
  for (std::size_t i = 0;; ++i) {
    const std::function<void()>* refresh = nullptr;
    {
      MutexLock lock(mutex_);
      if (i >= refresh_.size()) return;
      refresh = &refresh_[i];
    }
    (*refresh)();
  }
}

// From text that was escaped when the series was made.
void Registry::AppendText(const Series& series, bool openmetrics, std::string& out) {
  const auto& prefixes = series.prefixes;
  if (const auto* histogram = std::get_if<Histogram>(&series.value)) {
    const auto& of_buckets = openmetrics && !series.openmetrics_prefixes.empty()
                                 ? series.openmetrics_prefixes
                                 : prefixes;
    // _count is the sum of what was read here, so it equals the +Inf bucket at any moment.
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= histogram->bounds_.size(); ++i) {
      total += histogram->counts_[i].load(std::memory_order_relaxed);
      out += of_buckets[i];
      AppendUint(total, out);
      out += '\n';
    }
    out += prefixes[prefixes.size() - 2];
    AppendDouble(histogram->Sum(), out);
    out += '\n';
    out += prefixes.back();
    AppendUint(total, out);
  } else {
    out += prefixes[0];
    if (const auto* counter = std::get_if<Counter>(&series.value)) {
      AppendUint(counter->Value(), out);
    } else {
      AppendDouble(std::get<Gauge>(series.value).Value(), out);
    }
  }
  out += '\n';
}

void Registry::Write(const Family& family, PageWriter& writer) {
  const bool openmetrics = writer.style().format == PageFormat::kOpenMetrics;
  for (const auto& series : family.series) {
    if (writer.takes_text()) {
      AppendText(*series, openmetrics, writer.out());
    } else if (const auto* histogram = std::get_if<Histogram>(&series->value)) {
      const auto counts = histogram->Cumulative();
      writer.AddHistogram(series->labels, histogram->bounds(), counts, histogram->Sum());
    } else {
      writer.AddValue(series->labels, NumberOf(series->value));
    }
  }
}

void Registry::Render(PageWriter& writer, ExtraFamilies* extra) {
  Refresh();
  MutexLock lock(mutex_);
  for (const auto& family : families_) {
    if (family->series.empty()) continue;
    const MetricType type = MetricTypeOf(family->type);
    if (extra != nullptr) extra->WriteBefore(family->name, writer);
    writer.Begin({family->name, family->help, {}, type});
    Write(*family, writer);
    if (extra != nullptr) extra->WriteInto(family->name, type, writer);
    writer.End();
  }
  if (extra != nullptr) extra->WriteRest(writer);
  writer.Finish();
}

void Registry::Render(std::string& out) {
  PageWriter writer({}, out);
  Render(writer, nullptr);
}

}  // namespace telltale
