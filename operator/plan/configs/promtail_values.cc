// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/promtail_values.h"

#include <algorithm>
#include <iterator>

#include "common/base/strings.h"
#include "operator/model/regex_syntax.h"
#include "operator/plan/configs/go_syntax.h"
#include "operator/plan/configs/stage_numbers.h"
#include "sidecar/pipeline/json_paths.h"
#include "sidecar/pipeline/selector.h"
#include "sidecar/pipeline/template.h"
#include "sidecar/pipeline/time/time_zone.h"

namespace telltale {
namespace {

using Kind = YamlNode::Kind;

std::string MessageOf(const Status& status) { return status.ok() ? "" : status.error().message; }
template <class T>
std::string MessageOf(const Result<T>& result) {
  return result.ok() ? "" : result.error().message;
}

std::string Duration(const YamlNode& value, std::int64_t least, std::string_view text) {
  const auto ms = ParseDurationMs(value.scalar);
  return ms && *ms >= least ? "" : "must be a duration of at least " + std::string(text);
}

std::string Number(const YamlNode& value, double above, double most, std::string_view what) {
  const auto number = value.quoted ? std::nullopt : NumberOf(value.scalar);
  return number && *number > above && *number <= most ? "" : "must be " + std::string(what);
}

std::string WholeNumber(const YamlNode& value) {
  const auto number = value.quoted ? std::nullopt : ParseInt(value.scalar);
  return number && *number >= 1 ? "" : "must be a whole number of at least 1";
}

std::string RegexProblem(const std::string& text, bool newer) {
  std::string problem = MessageOf(CheckRegexSyntax(text));
  return problem.empty() ? GoRegexProblem(text, newer) : problem;
}

std::string TemplateProblem(const std::string& text, bool newer) {
  std::string problem = MessageOf(Template::Compile(text));
  return problem.empty() ? GoTemplateProblem(text, newer) : problem;
}

std::string SelectorProblem(const std::string& text, bool newer) {
  std::string problem = MessageOf(Selector::Compile(text));
  return problem.empty() ? LogQlProblem(text, newer) : problem;
}

std::string ZoneProblem(const std::string& name, bool newer) {
  // Zones that are younger than Promtail 2.2.1.
  constexpr std::string_view kYoung[] = {"America/Ciudad_Juarez", "America/Coyhaique",
                                         "Europe/Kyiv", "Pacific/Kanton"};
  if (name == "UTC") return "";
  std::string problem = MessageOf(TimeZone::Load(name));
  if (problem.empty() && !newer && std::ranges::find(kYoung, name) != std::end(kYoung)) {
    problem = "the time zone " + name +
              " is younger than this Promtail: name an older zone with the same time, such as "
              "Europe/Kiev for Europe/Kyiv";
  }
  return problem;
}

std::string MapProblem(const YamlNode& value, bool paths) {
  if (value.kind != Kind::kMap || value.fields.empty())
    return "needs a name and where it comes from";
  for (const auto& [name, source] : value.fields) {
    if (source.kind != Kind::kScalar || name.empty()) return "must have texts";
    if (!paths) continue;
    const std::string& path = source.scalar.empty() ? name : source.scalar;
    std::string problem = MessageOf(JsonPaths::ParsePath(path));
    if (problem.empty()) problem = JmesPathProblem(path);
    if (!problem.empty()) return name + ": " + problem;
  }
  return "";
}

std::string Choice(const YamlNode& value, std::string_view a, std::string_view b) {
  if (value.scalar == a || value.scalar == b) return "";
  return std::string("must be ").append(a).append(" or ").append(b);
}

std::string ListProblem(const YamlNode& value) {
  if (value.kind != Kind::kSequence || value.items.empty()) return "must be a list";
  const bool texts = std::ranges::all_of(
      value.items, [](const YamlNode& item) { return item.kind == Kind::kScalar; });
  return texts ? "" : "must be a list of texts";
}

}  // namespace

std::string PromtailRefuses(PromtailValue type, const YamlNode& value, bool newer) {
  switch (type) {
    case PromtailValue::kTexts:
      return ListProblem(value);
    case PromtailValue::kPaths:
    case PromtailValue::kKeys:
      return MapProblem(value, type == PromtailValue::kPaths);
    case PromtailValue::kAny:
      return "";
    default:
      break;
  }
  if (value.kind != Kind::kScalar) return "must be one value";
  switch (type) {
    case PromtailValue::kName:
      return value.scalar.empty() ? "must not be empty" : "";
    case PromtailValue::kFlag:
      return value.quoted ? "must be true or false" : Choice(value, "true", "false");
    case PromtailValue::kShare:
      return Number(value, -1e-300, 1, "a number from 0 to 1");
    case PromtailValue::kPositive:
      return Number(value, 0, 1e9, "a number above 0");
    case PromtailValue::kWhole:
      return WholeNumber(value);
    case PromtailValue::kDuration:
      return Duration(value, 1, "1ms");
    case PromtailValue::kIdle:
      return Duration(value, 1000, "1s");
    case PromtailValue::kBytes:
      return ParseInt(value.scalar).value_or(-1) >= 0 ? "" : "must be a number of bytes";
    case PromtailValue::kRegex:
      return RegexProblem(value.scalar, newer);
    case PromtailValue::kTemplate:
      return TemplateProblem(value.scalar, newer);
    case PromtailValue::kSelector:
      return SelectorProblem(value.scalar, newer);
    case PromtailValue::kZone:
      return ZoneProblem(value.scalar, newer);
    case PromtailValue::kOnFailure:
      return Choice(value, "fudge", "skip");
    case PromtailValue::kMatchAction:
      return Choice(value, "keep", "drop");
    default:
      return "";
  }
}

}  // namespace telltale
