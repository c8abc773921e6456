// SPDX-License-Identifier: Apache-2.0
#include "operator/model/label_selector.h"

#include <algorithm>
#include <array>
#include <optional>

#include "operator/model/decode.h"
#include "operator/model/object_meta.h"

namespace telltale {
namespace {

using Operator = LabelSelector::Operator;
using Requirement = LabelSelector::Requirement;

struct OperatorName {
  Operator op;
  std::string_view name;
};
constexpr std::array<OperatorName, 4> kOperators = {{{Operator::kIn, "In"},
                                                     {Operator::kNotIn, "NotIn"},
                                                     {Operator::kExists, "Exists"},
                                                     {Operator::kDoesNotExist, "DoesNotExist"}}};

std::string_view Name(Operator op) {
  const auto it = std::find_if(kOperators.begin(), kOperators.end(),
                               [op](const OperatorName& entry) { return entry.op == op; });
  return it->name;
}

bool TakesValues(Operator op) { return op == Operator::kIn || op == Operator::kNotIn; }

bool Satisfies(const Requirement& requirement, const Labels& labels) {
  const std::string* value = FindLabel(labels, requirement.key);
  switch (requirement.op) {
    case Operator::kExists:
      return value != nullptr;
    case Operator::kDoesNotExist:
      return value == nullptr;
    case Operator::kIn:
      return value && std::ranges::binary_search(requirement.values, *value);
    case Operator::kNotIn:  // an absent label is in no set
      return !value || !std::ranges::binary_search(requirement.values, *value);
  }
  return false;
}

Status DecodeOperator(JsonValue value, std::optional<Operator>& out) {
  std::string text;
  TELLTALE_TRY(decode::Text(value, text));
  for (const auto& entry : kOperators) {
    if (entry.name == text) out = entry.op;
  }
  if (!out) return decode::Wrong("must be In, NotIn, Exists or DoesNotExist");
  return {};
}

Status DecodeRequirement(JsonValue value, Requirement& out) {
  std::optional<Operator> op;
  TELLTALE_TRY(decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "key") return decode::Text(member, out.key);
    if (key == "operator") return DecodeOperator(member, op);
    if (key == "values") return decode::Texts(member, out.values);
    return {};
  }));
  if (out.key.empty()) return decode::Wrong("needs a key");
  if (!op) return decode::Wrong("needs an operator: In, NotIn, Exists or DoesNotExist");
  out.op = *op;
  if (TakesValues(*op) && out.values.empty()) {
    return decode::Wrong("needs values, because its operator is " + std::string(Name(*op)));
  }
  if (!TakesValues(*op) && !out.values.empty()) {
    return decode::Wrong("takes no values, because its operator is " + std::string(Name(*op)));
  }
  std::ranges::sort(out.values);
  const auto repeated = std::ranges::unique(out.values);
  out.values.erase(repeated.begin(), repeated.end());
  return {};
}

}  // namespace

bool LabelSelector::Matches(const Labels& labels) const {
  if (empty()) return match_all;
  for (const auto& [key, value] : match_labels) {
    const std::string* found = FindLabel(labels, key);
    if (!found || *found != value) return false;
  }
  return std::ranges::all_of(match_expressions,
                             [&](const Requirement& r) { return Satisfies(r, labels); });
}

Status DecodeLabelSelector(JsonValue value, LabelSelector& out) {
  return decode::Fields(value, [&](std::string_view key, JsonValue member) -> Status {
    if (key == "matchLabels") return DecodeStringMap(member, out.match_labels);
    if (key == "matchAll") return decode::Flag(member, out.match_all);
    if (key == "matchExpressions") return DecodeMatchExpressions(member, out);
    return {};
  });
}

Status DecodeMatchExpressions(JsonValue value, LabelSelector& out) {
  return decode::Elements(value, [&](JsonValue item) -> Status {
    return DecodeRequirement(item, out.match_expressions.emplace_back());
  });
}

void WriteLabelSelector(const LabelSelector& selector, JsonWriter& writer) {
  writer.BeginObject();
  if (!selector.match_labels.empty()) {
    writer.Key("matchLabels").BeginObject();
    for (const auto& [key, value] : selector.match_labels) writer.Field(key, value);
    writer.EndObject();
  }
  if (!selector.match_expressions.empty()) {
    writer.Key("matchExpressions").BeginArray();
    for (const auto& requirement : selector.match_expressions) {
      writer.BeginObject().Field("key", requirement.key);
      writer.Field("operator", Name(requirement.op));
      if (TakesValues(requirement.op)) {
        writer.Key("values").BeginArray();
        for (const auto& value : requirement.values) writer.String(value);
        writer.EndArray();
      }
      writer.EndObject();
    }
    writer.EndArray();
  }
  if (selector.match_all) writer.Key("matchAll").Bool(true);
  writer.EndObject();
}

}  // namespace telltale
