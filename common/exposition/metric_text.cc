// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/metric_text.h"

#include <cmath>
#include <string_view>

#include "common/exposition/consistency.h"
#include "common/exposition/go_text.h"

namespace telltale {
namespace {

// In double quotes; bytes beyond ASCII in octal.
void AppendString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      out += '\\';
      for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + ((byte >> shift) & 7));
    }
  }
  out += '"';
}

void AppendNumber(std::string_view name, double value, std::string& out) {
  out += name;
  if (std::isnan(value)) {
    out += "nan";
  } else if (std::isinf(value)) {
    out += value > 0 ? "inf" : "-inf";
  } else {
    AppendGoFloat(value, out);
  }
  out += ' ';
}

void AppendDistribution(const Distribution& distribution, bool histogram, std::string& out) {
  AppendNumber("sample_count:", distribution.count, out);
  AppendNumber("sample_sum:", distribution.sum, out);
  for (const Bucket& bucket : distribution.buckets) {
    out += histogram ? "bucket:<" : "quantile:<";
    if (histogram) {
      AppendNumber("cumulative_count:", bucket.value, out);
      AppendNumber("upper_bound:", bucket.bound, out);
    } else {
      AppendNumber("quantile:", bucket.bound, out);
      AppendNumber("value:", bucket.value, out);
    }
    out += "> ";
  }
}

}  // namespace

std::string MetricText(const Metric& metric, MetricType type) {
  std::string out;
  for (const auto& [name, value] : metric.labels) {
    out += "label:<name:";
    AppendString(name, out);
    out += " value:";
    AppendString(value, out);
    out += " > ";
  }
  out.append(TypeName(type)).append(":<");
  if (metric.distribution != nullptr) {
    AppendDistribution(*metric.distribution, type == MetricType::kHistogram, out);
  } else {
    AppendNumber("value:", metric.value, out);
  }
  return out += "> ";
}

}  // namespace telltale
