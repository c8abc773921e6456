// SPDX-License-Identifier: Apache-2.0
#include "operator/model/metric_filter.h"

#include <algorithm>
#include <array>

#include "common/base/origin_labels.h"
#include "operator/model/decode.h"
#include "operator/model/regex_syntax.h"
#include "sidecar/pipeline/digest.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxPatterns = 32;
constexpr std::size_t kMaxPattern = 256;
constexpr std::size_t kNameSize = 32;

constexpr std::array<std::string_view, 12> kNeeded = {"__name__", "app", "cluster",   "container",
                                                      "instance", "job", "namespace", "le",
                                                      "node",     "pod", "quantile",  kTargetLabel};

// As Prometheus does: the pattern is that of the whole name.
std::string Anchored(const std::string& pattern) { return "^(?s:" + pattern + ")$"; }

Status CheckPattern(const std::string& pattern) {
  if (pattern.size() > kMaxPattern) return decode::Wrong("must have at most 256 bytes");
  const Status syntax = CheckRegexSyntax(pattern);
  if (!syntax.ok()) return decode::Wrong(syntax.error().message);
  // What begins with \Q and does not end would quote the parenthesis that follows, too.
  if (!Regex::Compile(Anchored(pattern))) return decode::Wrong("must end with \\E what \\Q begins");
  return {};
}

Status DecodePatterns(JsonValue value, std::vector<std::string>& out) {
  TELLTALE_TRY(decode::Elements(value, [&](JsonValue item) -> Status {
    TELLTALE_TRY(decode::Text(item, out.emplace_back()));
    return CheckPattern(out.back());
  }));
  if (out.size() > kMaxPatterns) return decode::Wrong("must have at most 32 patterns");
  if (out.empty() || Regex::Compile(Anchored(AnyOf(out)))) return {};
  return decode::Wrong("has patterns that are too large together: use shorter ones");
}

Status DecodeLabelPatterns(JsonValue value, std::vector<std::string>& out) {
  TELLTALE_TRY(DecodePatterns(value, out));
  for (const std::string& pattern : out) {
    const auto compiled = Regex::Compile(Anchored(pattern));
    for (const std::string_view name : kNeeded) {
      if (!compiled || !compiled->Matches(name)) continue;
      return decode::Wrong("has the pattern " + pattern + ", which drops the label " +
                           std::string(name) +
                           " too, without which samples clash: write a pattern that does not "
                           "match it");
    }
  }
  return {};
}

}  // namespace

Status DecodeMetricFilter(JsonValue value, MetricFilter& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "keep") return DecodePatterns(member, out.keep);
    if (key == "drop") return DecodePatterns(member, out.drop);
    if (key == "dropLabels") return DecodeLabelPatterns(member, out.drop_labels);
    return {};
  });
}

std::string AnyOf(const std::vector<std::string>& patterns) {
  if (patterns.size() == 1) return patterns.front();
  std::string any;
  for (const std::string& pattern : patterns) {
    any.append(any.empty() ? "(?:" : "|(?:").append(pattern).append(")");
  }
  return any;
}

std::string FilterName(const MetricFilter& filter) {
  std::string text;
  for (const auto* patterns : {&filter.keep, &filter.drop, &filter.drop_labels}) {
    for (const std::string& pattern : *patterns) text.append(pattern).append(1, '\0');
    text += '\1';
  }
  return Sha256Hex(text).substr(0, kNameSize);  // no namespace can make one that another has
}

bool IsFilterName(std::string_view name) {
  return name.size() == kNameSize && std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::string DocumentName(const Endpoint& endpoint) {
  if (endpoint.filter.empty()) return endpoint.scrape_class;
  return endpoint.scrape_class + "/" + FilterName(endpoint.filter);
}

}  // namespace telltale
