// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/text_parser.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/utf8.h"
#include "common/exposition/family_builder.h"
#include "common/exposition/go_text.h"
#include "common/exposition/sample_head.h"
#include "common/exposition/text_cursor.h"

namespace telltale {
namespace {

std::optional<MetricType> TypeOf(std::string_view word) {
  const std::string lower = LowerAscii(word);
  if (lower == "counter") return MetricType::kCounter;
  if (lower == "gauge") return MetricType::kGauge;
  if (lower == "summary") return MetricType::kSummary;
  if (lower == "histogram") return MetricType::kHistogram;
  if (lower == "untyped") return MetricType::kUntyped;
  return {};
}

class Parser {
 public:
  explicit Parser(const TextOptions& options) : options_(options) {}

  Result<std::vector<Family>> Parse(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      if (end == std::string_view::npos && Trim(line).empty()) break;
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      ++line_;
      if (options_.crlf && line.ends_with('\r')) line.remove_suffix(1);
      TextCursor cursor(line, end != std::string_view::npos);
      const Status status = ReadLine(cursor);
      if (cursor.cut()) return At("unexpected end of input stream");
      if (status.ok()) continue;
      if (status.error().code == Code::kTooLarge) return status.error();
      return At(status.error().message);
    }
    return std::move(builder_).Take();
  }

 private:
  Error At(const std::string& what) const {
    return Fail(Code::kInvalid,
                "text format parsing error in line " + std::to_string(line_) + ": " + what);
  }
  static Error Wrong(std::string what) { return Fail(Code::kInvalid, std::move(what)); }

  Status ReadLine(TextCursor& in);
  Status ReadComment(TextCursor& in);
  Status ReadHelp(TextCursor& in, FamilyBuilder::Entry& entry);
  Status ReadType(TextCursor& in, FamilyBuilder::Entry& entry);
  Status ReadSample(TextCursor& in);
  Status ReadValue(TextCursor& in);
  Status ReadTimestamp(TextCursor& in, Metric& metric);
  Status Store(double value, Metric*& metric);

  const TextOptions options_;
  FamilyBuilder builder_;
  std::size_t line_ = 0, samples_ = 0;

  // Of the sample that is being read.
  SampleHead head_;
  FamilyBuilder::Place place_{};
  std::optional<double> bound_;
};

Status Parser::ReadLine(TextCursor& in) {
  in.SkipBlanks();
  if (in.AtEnd()) return {};
  return in.Take('#') ? ReadComment(in) : ReadSample(in);
}

Status Parser::ReadComment(TextCursor& in) {
  in.SkipBlanks();
  const std::string_view keyword = in.Word();
  if (keyword != "HELP" && keyword != "TYPE") {
    in.Rest();
    return {};
  }
  in.SkipBlanks();
  if (in.AtEnd()) return {};
  std::string name;
  if (in.Take('"')) {
    TELLTALE_TRY(ReadQuotedName(in, name));
  } else {
    name = in.MetricName();
  }
  if (!name.empty() && in.AtEnd()) return {};
  if (name.empty() || !in.AtBlank()) return Wrong("invalid metric name in comment");
  FamilyBuilder::Entry& entry = *builder_.FindPlace(name).entry;
  in.SkipBlanks();
  if (in.AtEnd()) return {};
  return keyword == "HELP" ? ReadHelp(in, entry) : ReadType(in, entry);
}

Status Parser::ReadHelp(TextCursor& in, FamilyBuilder::Entry& entry) {
  if (std::exchange(entry.has_help, true)) {
    return Wrong("second HELP line for metric name " + GoQuoted(entry.family.name));
  }
  std::string& help = entry.family.help;
  bool escaped = false;
  for (const char c : in.Rest()) {
    if (!escaped && c == '\\') {
      escaped = true;
    } else if (!escaped || c == '\\') {
      help += c;
      escaped = false;
    } else if (c == 'n') {
      help += '\n';
      escaped = false;
    } else {
      return Wrong(std::string("invalid escape sequence '\\") + c + "'");
    }
  }
  if (escaped) return Wrong("invalid escape sequence '\\\n'");
  if (!IsUtf8(help)) return Wrong("invalid help text " + GoQuoted(help));
  return {};
}

Status Parser::ReadType(TextCursor& in, FamilyBuilder::Entry& entry) {
  if (entry.has_type) {
    return Wrong("second TYPE line for metric name " + GoQuoted(entry.family.name) +
                 ", or TYPE reported after samples");
  }
  const std::string_view word = in.Rest();
  const auto type = TypeOf(word);
  if (!type) return Wrong("unknown metric type " + GoQuoted(word));
  entry.family.type = *type;
  entry.has_type = true;
  return {};
}

Status Parser::ReadSample(TextCursor& in) {
  place_ = {};
  const auto on_name = [this](const std::string& name) {
    place_ = builder_.FindPlace(name);
    place_.entry->has_type = true;
    return place_.entry->family.name;
  };
  TELLTALE_TRY(ReadSampleHead(in, on_name, head_));
  TELLTALE_TRY(TakeBound(place_.entry->family.type, head_.labels, bound_));
  in.SkipBlanks();
  return ReadValue(in);
}

Status Parser::ReadValue(TextCursor& in) {
  const std::string_view word = in.Word();
  const auto value = ParseGoFloat(word);
  if (!value && !in.cut()) return Wrong("expected float as value, got " + GoQuoted(word));
  if (!value) return {};
  Metric* metric = nullptr;
  TELLTALE_TRY(Store(*value, metric));
  return in.AtEnd() ? Status() : ReadTimestamp(in, *metric);
}

Status Parser::Store(double value, Metric*& metric) {
  if (++samples_ > options_.max_samples) {
    return Fail(Code::kTooLarge,
                "there are more than " + std::to_string(options_.max_samples) + " samples");
  }
  FamilyBuilder::Entry& entry = *place_.entry;
  const MetricType type = entry.family.type;
  if (type != MetricType::kHistogram && type != MetricType::kSummary) {
    metric = &builder_.AddMetric(entry, std::move(head_.labels));
    metric->value = value;
    return {};
  }
  metric = &builder_.FindMetric(entry, std::move(head_.labels));
  const bool of_bucket = place_.part == SamplePart::kBucket && bound_;
  const bool counts =
      place_.part == SamplePart::kCount || (of_bucket && type == MetricType::kHistogram);
  if (counts && !IsCount(value)) {
    return Wrong("expected a count that is not negative for metric " + GoQuoted(head_.name));
  }
  if (counts) value = std::trunc(value);
  SetPart(*metric, place_.part, bound_, value);
  return {};
}

Status Parser::ReadTimestamp(TextCursor& in, Metric& metric) {
  in.SkipBlanks();
  std::string_view word = in.Word();
  const std::string_view digits = word.starts_with('+') ? word.substr(1) : word;
  const auto number = ParseInt(digits);
  if (!number && !in.cut()) return Wrong("expected integer as timestamp, got " + GoQuoted(word));
  if (number) metric.timestamp_ms = *number;
  const std::string_view rest = in.Rest();
  if (!rest.empty()) return Wrong("spurious string after timestamp: " + GoQuoted(rest));
  return {};
}

}  // namespace

Result<std::vector<Family>> ParseText(std::string_view text, const TextOptions& options) {
  return Parser(options).Parse(text);
}

}  // namespace telltale
