// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/sample_head.h"

#include <algorithm>
#include <utility>

#include "common/base/utf8.h"
#include "common/exposition/go_text.h"

namespace telltale {
namespace {

Error Wrong(std::string what) { return Fail(Code::kInvalid, std::move(what)); }

Status ReadLabelValue(TextCursor& in, std::string label, Labels& labels) {
  in.SkipBlanks();
  if (!in.Take('"')) {
    return Wrong("expected '\"' at start of label value, found " + GoQuotedChar(in.Peek()));
  }
  std::string value, problem;
  if (!in.Quoted(value, problem)) return Wrong(std::move(problem));
  if (!IsUtf8(value)) return Wrong("invalid label value " + GoQuoted(value));
  labels.emplace_back(std::move(label), std::move(value));
  return {};
}

Status ReadLabel(TextCursor& in, const std::string& family, std::string label, Labels& labels) {
  if (label.empty()) return Wrong("invalid label name for metric " + GoQuoted(family));
  if (label == "__name__") return Wrong("label name \"__name__\" is reserved");
  in.SkipBlanks();
  if (!in.Take('=')) {
    return Wrong("expected '=' after label name, found " + GoQuotedChar(in.Peek()));
  }
  const bool twice = std::any_of(labels.begin(), labels.end(),
                                 [&](const auto& known) { return known.first == label; });
  if (twice) return Wrong("duplicate label names for metric " + GoQuoted(family));
  return ReadLabelValue(in, std::move(label), labels);
}

Status ReadLabelName(TextCursor& in, std::string& label) {
  if (in.Take('"')) return ReadQuotedName(in, label);
  label = in.LabelName();
  return {};
}

// After a label: true when another one follows.
Result<bool> ReadSeparator(TextCursor& in, std::string_view last) {
  in.SkipBlanks();
  if (in.Take(',')) {
    in.SkipBlanks();
    return !in.Take('}');
  }
  if (in.Take('}')) return false;
  return Wrong("unexpected end of label value " + GoQuoted(last));
}

}  // namespace

Status ReadQuotedName(TextCursor& in, std::string& name) {
  std::string problem;
  if (!in.Quoted(name, problem)) return Wrong(std::move(problem));
  if (name.empty() || !IsUtf8(name)) return Wrong("invalid name " + GoQuoted(name));
  return {};
}

Status ReadLabels(TextCursor& in, const std::string& family, Labels& labels) {
  in.SkipBlanks();
  for (bool more = !in.Take('}'); more;) {
    std::string label;
    TELLTALE_TRY(ReadLabelName(in, label));
    TELLTALE_TRY(ReadLabel(in, family, std::move(label), labels));
    const auto separator = ReadSeparator(in, labels.back().second);
    if (!separator) return separator.error();
    more = *separator;
  }
  std::sort(labels.begin(), labels.end());
  return {};
}

Status ReadSampleHead(TextCursor& in, const std::function<std::string(const std::string&)>& on_name,
                      SampleHead& head) {
  head = {};
  head.name = in.MetricName();
  if (!head.name.empty()) {
    const std::string family = on_name(head.name);
    in.SkipBlanks();
    return in.Take('{') ? ReadLabels(in, family, head.labels) : Status();
  }
  if (!in.Take('{')) return Wrong("invalid metric name");
  in.SkipBlanks();
  // The name is in quotes and the first in the braces.
  if (!in.Take('"')) return Wrong("invalid metric name");
  TELLTALE_TRY(ReadQuotedName(in, head.name));
  const std::string family = on_name(head.name);
  const auto separator = ReadSeparator(in, head.name);
  if (!separator) return separator.error();
  if (!*separator) return {};
  return ReadLabels(in, family, head.labels);
}

Status TakeBound(MetricType type, Labels& labels, std::optional<double>& bound) {
  bound.reset();
  const bool histogram = type == MetricType::kHistogram;
  if (!histogram && type != MetricType::kSummary) return {};
  const std::string_view wanted = histogram ? "le" : "quantile";
  const auto label = std::find_if(labels.begin(), labels.end(),
                                  [&](const auto& known) { return known.first == wanted; });
  if (label == labels.end()) return {};
  bound = ParseGoFloat(label->second);
  if (!bound) {
    return Wrong("expected float as value for '" + label->first + "' label, got " +
                 GoQuoted(label->second));
  }
  labels.erase(label);
  return {};
}

}  // namespace telltale
