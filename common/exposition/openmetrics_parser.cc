// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/openmetrics_parser.h"

#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "common/base/utf8.h"
#include "common/exposition/family_builder.h"
#include "common/exposition/go_text.h"
#include "common/exposition/sample_head.h"
#include "common/exposition/text_cursor.h"

namespace telltale {
namespace {

// A sample of a family by its suffix: what becomes of it.
struct Suffix {
  std::string_view type, suffix;
  // Of the family that the sample goes to: with the suffix in its name or without it.
  bool in_name;
  MetricType as;
  SamplePart part = SamplePart::kBucket;
  bool dropped = false;
};

constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;
constexpr auto kSummary = MetricType::kSummary;
constexpr auto kHistogram = MetricType::kHistogram;

constexpr std::array kSuffixes{
    Suffix{"counter", "_total", true, kCounter},
    Suffix{"counter", "_created", true, kCounter, SamplePart::kBucket, true},
    Suffix{"gauge", "", true, kGauge},
    Suffix{"unknown", "", true, MetricType::kUntyped},
    Suffix{"stateset", "", true, kGauge},
    Suffix{"info", "_info", true, kGauge},
    Suffix{"summary", "", false, kSummary},
    Suffix{"summary", "_sum", false, kSummary, SamplePart::kSum},
    Suffix{"summary", "_count", false, kSummary, SamplePart::kCount},
    Suffix{"summary", "_created", false, kSummary, SamplePart::kBucket, true},
    Suffix{"histogram", "_bucket", false, kHistogram},
    Suffix{"histogram", "_sum", false, kHistogram, SamplePart::kSum},
    Suffix{"histogram", "_count", false, kHistogram, SamplePart::kCount},
    Suffix{"histogram", "_created", false, kHistogram, SamplePart::kBucket, true},
    Suffix{"gaugehistogram", "_bucket", true, kGauge},
    Suffix{"gaugehistogram", "_gcount", true, kGauge},
    Suffix{"gaugehistogram", "_gsum", true, kGauge},
};

bool IsType(std::string_view word) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.type == word) return true;
  }
  return false;
}

class Parser {
 public:
  explicit Parser(std::size_t max_samples) : max_samples_(max_samples) {}

  Result<std::vector<Family>> Parse(std::string_view text) {
    while (!text.empty()) {
      ++line_;
      if (ended_) return At("there is text after # EOF");
      const std::size_t end = text.find('\n');
      TextCursor cursor(text.substr(0, end), end != std::string_view::npos);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      const Status status = ReadLine(cursor);
      if (ended_) continue;  // the last line end may be left out
      if (cursor.cut()) return At("unexpected end of input stream");
      if (status.ok()) continue;
      if (status.error().code == Code::kTooLarge) return status.error();
      return At(status.error().message);
    }
    if (!ended_) return At("the text does not end with # EOF");
    return std::move(builder_).Take();
  }

 private:
  struct Meta {
    std::string type, help, unit;  // empty: not said
    bool has_samples = false;
  };

  Error At(const std::string& what) const {
    return Fail(Code::kInvalid,
                "OpenMetrics parsing error in line " + std::to_string(line_) + ": " + what);
  }
  static Error Wrong(std::string what) { return Fail(Code::kInvalid, std::move(what)); }

  Status ReadLine(TextCursor& in);
  Status ReadComment(TextCursor& in);
  Status ReadSample(TextCursor& in);
  Status Store(const std::string& family, const Suffix& suffix, Meta& meta, double value,
               TextCursor& in);
  Status ReadRest(TextCursor& in, std::unique_ptr<const Exemplar>& exemplar);
  Status ReadExemplar(TextCursor& in, std::unique_ptr<const Exemplar>& out);
  // The family that a sample belongs to, and the rule for it. Null: it has no metadata.
  const Suffix* Find(const std::string& name, std::string& family);

  const std::size_t max_samples_;
  std::size_t line_ = 0, samples_ = 0;
  bool ended_ = false;
  std::map<std::string, Meta, std::less<>> metas_;
  FamilyBuilder builder_;
  SampleHead head_;
};

Status Parser::ReadLine(TextCursor& in) {
  if (in.AtEnd()) return {};
  return in.Take('#') ? ReadComment(in) : ReadSample(in);
}

Status Parser::ReadComment(TextCursor& in) {
  in.SkipBlanks();
  const std::string_view keyword = in.Word();
  if (keyword == "EOF" && in.AtEnd()) {
    ended_ = true;
    return {};
  }
  if (keyword != "TYPE" && keyword != "HELP" && keyword != "UNIT") {
    return Wrong("a comment must be TYPE, HELP, UNIT or EOF");
  }
  in.SkipBlanks();
  std::string name;
  if (in.Take('"')) {
    TELLTALE_TRY(ReadQuotedName(in, name));
  } else {
    name = in.MetricName();
  }
  if (name.empty() || !(in.AtBlank() || in.AtEnd())) return Wrong("invalid metric name in comment");
  in.SkipBlanks();
  Meta& meta = metas_[name];
  std::string& field = keyword == "TYPE" ? meta.type : keyword == "HELP" ? meta.help : meta.unit;
  if (!field.empty() || (keyword == "TYPE" && meta.has_samples)) {
    return Wrong("second " + std::string(keyword) + " line for metric name " + GoQuoted(name) +
                 ", or after its samples");
  }
  const std::string_view rest = in.Rest();
  if (keyword == "TYPE" && !IsType(rest)) return Wrong("unknown metric type " + GoQuoted(rest));
  if (!IsUtf8(rest)) return Wrong("invalid help text " + GoQuoted(rest));
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const bool escape = rest[i] == '\\' && i + 1 < rest.size();
    if (escape) ++i;
    field += escape && rest[i] == 'n' ? '\n' : rest[i];
  }
  return {};
}

const Suffix* Parser::Find(const std::string& name, std::string& family) {
  for (const Suffix& suffix : kSuffixes) {
    if (!name.ends_with(suffix.suffix)) continue;
    const std::string_view base =
        std::string_view(name).substr(0, name.size() - suffix.suffix.size());
    const auto meta = metas_.find(base);
    if (meta == metas_.end() || meta->second.type != suffix.type) continue;
    family = base;
    return &suffix;
  }
  family = name;
  return nullptr;
}

Status Parser::ReadSample(TextCursor& in) {
  static constexpr Suffix kUnknown{"unknown", "", true, MetricType::kUntyped};
  std::string family;
  const Suffix* suffix = nullptr;
  const auto on_name = [&](const std::string& name) {
    suffix = Find(name, family);
    return family;
  };
  TELLTALE_TRY(ReadSampleHead(in, on_name, head_));
  Meta& meta = metas_[family];
  if (suffix == nullptr && !meta.type.empty()) {
    return Wrong("a sample " + GoQuoted(head_.name) + " does not belong to a " + meta.type);
  }
  meta.has_samples = true;
  in.SkipBlanks();
  const std::string_view word = in.Word();
  const auto value = ParseGoFloat(word);
  if (!value) return Wrong("expected float as value, got " + GoQuoted(word));
  return Store(family, suffix != nullptr ? *suffix : kUnknown, meta, *value, in);
}

Status Parser::Store(const std::string& family, const Suffix& suffix, Meta& meta, double value,
                     TextCursor& in) {
  if (++samples_ > max_samples_) {
    return Fail(Code::kTooLarge,
                "there are more than " + std::to_string(max_samples_) + " samples");
  }
  std::optional<double> bound;
  TELLTALE_TRY(TakeBound(suffix.as, head_.labels, bound));
  std::unique_ptr<const Exemplar> exemplar;
  if (suffix.dropped) return ReadRest(in, exemplar);
  auto& entry = builder_.Find(suffix.in_name ? head_.name : family);
  entry.family.type = suffix.as;
  if (entry.family.metrics.empty()) {
    entry.family.help = meta.help;
    entry.family.unit = meta.unit;
  }
  if (suffix.as != kHistogram && suffix.as != kSummary) {
    Metric& metric = builder_.AddMetric(entry, std::move(head_.labels));
    metric.value = value;
    TELLTALE_TRY(ReadRest(in, metric.exemplar));
    return {};
  }
  const bool quantile = suffix.as == kSummary && suffix.part == SamplePart::kBucket;
  if (suffix.part != SamplePart::kSum && !quantile && !IsCount(value)) {
    return Wrong("expected a count that is not negative for metric " + GoQuoted(head_.name));
  }
  Metric& metric = builder_.FindMetric(entry, std::move(head_.labels));
  SetPart(metric, suffix.part, bound, value);
  TELLTALE_TRY(ReadRest(in, exemplar));
  auto& buckets = metric.distribution->buckets;
  if (suffix.part == SamplePart::kBucket && bound && !buckets.empty()) {
    buckets.back().exemplar = std::move(exemplar);
  }
  return {};
}

// What follows the value: a timestamp, which is not kept but by Metric::timestamp_ms of a value,
// and an exemplar.
Status Parser::ReadRest(TextCursor& in, std::unique_ptr<const Exemplar>& exemplar) {
  in.SkipBlanks();
  if (!in.AtEnd() && in.Peek() != '#') {
    return Wrong("timestamps are not accepted, got " + GoQuoted(in.Word()));
  }
  if (in.Take('#')) return ReadExemplar(in, exemplar);
  return {};
}

Status Parser::ReadExemplar(TextCursor& in, std::unique_ptr<const Exemplar>& out) {
  auto exemplar = std::make_unique<Exemplar>();
  in.SkipBlanks();
  if (!in.Take('{')) return Wrong("expected '{' after '#', found " + GoQuotedChar(in.Peek()));
  TELLTALE_TRY(ReadLabels(in, "the exemplar", exemplar->labels));
  in.SkipBlanks();
  const std::string_view word = in.Word();
  const auto value = ParseGoFloat(word);
  if (!value) return Wrong("expected float as value of an exemplar, got " + GoQuoted(word));
  exemplar->value = *value;
  in.SkipBlanks();
  if (!in.AtEnd()) {
    const std::string_view time = in.Word();
    exemplar->timestamp = ParseGoFloat(time);
    if (!exemplar->timestamp || !std::isfinite(*exemplar->timestamp)) {
      return Wrong("expected float as timestamp of an exemplar, got " + GoQuoted(time));
    }
    in.SkipBlanks();
    if (!in.AtEnd()) return Wrong("spurious string after exemplar: " + GoQuoted(in.Rest()));
  }
  out = std::move(exemplar);
  return {};
}

}  // namespace

Result<std::vector<Family>> ParseOpenMetrics(std::string_view text, std::size_t max_samples) {
  return Parser(max_samples).Parse(text);
}

}  // namespace telltale
