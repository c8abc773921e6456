// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/textfile_text.h"

#include <cmath>
#include <limits>

#include "common/exposition/consistency.h"
#include "common/metrics/text_format.h"

namespace telltale {
namespace {

void AppendSample(std::string_view name, const Labels& labels, double value, std::string& out) {
  out += SamplePrefix(name, labels);
  AppendDouble(value, out);
  out += '\n';
}

void AppendBucket(const std::string& name, const Labels& labels, const char* bound_label,
                  double bound, double value, std::string& out) {
  Labels with_bound = labels;
  std::string text;
  AppendDouble(bound, text);
  SetLabel(with_bound, bound_label, text);
  AppendSample(name, with_bound, value, out);
}

void AppendDistribution(const std::string& name, const Metric& metric, bool histogram,
                        std::string& out) {
  const Distribution& all = *metric.distribution;
  bool has_last = !histogram;
  for (const Bucket& bucket : all.buckets) {
    AppendBucket(histogram ? name + "_bucket" : name, metric.labels, histogram ? "le" : "quantile",
                 bucket.bound, bucket.value, out);
    has_last = has_last || std::isinf(bucket.bound);
  }
  if (!has_last) {
    AppendBucket(name + "_bucket", metric.labels, "le", std::numeric_limits<double>::infinity(),
                 all.count, out);
  }
  AppendSample(name + "_sum", metric.labels, all.sum, out);
  AppendSample(name + "_count", metric.labels, all.count, out);
}

}  // namespace

void AppendTextfiles(const TextfilePage& files, std::string& page) {
  const std::size_t own = page.size();
  for (const MergedFamily& family : files.families) {
    const std::string name(family.name);
    const auto known = page.find("# TYPE " + name + " ");
    if (known < own) continue;
    const std::string header = FamilyHeader(name, family.help, TypeName(family.type));
    // Without a HELP of its own the family gets none.
    page += family.help.empty() ? header.substr(header.find("# TYPE")) : header;
    for (const auto& part : family.parts) {
      for (const Metric& metric : part->metrics) {
        if (metric.distribution != nullptr) {
          AppendDistribution(name, metric, family.type == MetricType::kHistogram, page);
        } else {
          AppendSample(name, metric.labels, metric.value, page);
        }
      }
    }
  }
}

}  // namespace telltale
