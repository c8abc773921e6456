// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/label_match.h"

#include <algorithm>

namespace telltale {
namespace {

bool MatchesRequirement(const LabelMatch::Requirement& wanted, const Labels& labels) {
  const std::string* value = FindLabel(labels, wanted.key);
  if (wanted.op == "Exists") return value != nullptr;
  if (wanted.op == "DoesNotExist") return value == nullptr;
  const bool listed = value != nullptr && std::find(wanted.values.begin(), wanted.values.end(),
                                                    *value) != wanted.values.end();
  // A pod without the label matches NotIn: apimachinery labels.Requirement.Matches.
  return wanted.op == "In" ? listed : !listed;
}

void DecodeRequirement(const YamlNode& node, const std::string& path, Decoder& decoder,
                       LabelMatch::Requirement& out) {
  decoder.Map(
      node, path,
      {{"key", [&](const YamlNode& n) { decoder.String(n, path + ".key", out.key); }},
       {"operator", [&](const YamlNode& n) { decoder.String(n, path + ".operator", out.op); }},
       {"values",
        [&](const YamlNode& n) { decoder.StringList(n, path + ".values", out.values); }}});
  if (out.key.empty()) decoder.Problem(node, path + ".key is missing");
  if (out.op != "In" && out.op != "NotIn" && out.op != "Exists" && out.op != "DoesNotExist") {
    decoder.Problem(node, path + ".operator must be In, NotIn, Exists or DoesNotExist, but is \"" +
                              out.op + "\"");
  }
}

}  // namespace

bool LabelMatch::Matches(const Labels& labels) const {
  if (match_labels.empty() && match_expressions.empty()) return match_all;
  for (const auto& [key, wanted] : match_labels) {
    const std::string* value = FindLabel(labels, key);
    if (value == nullptr || *value != wanted) return false;
  }
  return std::all_of(match_expressions.begin(), match_expressions.end(),
                     [&](const Requirement& r) { return MatchesRequirement(r, labels); });
}

LabelMatch DecodeLabelMatch(const YamlNode& node, Decoder& decoder) {
  LabelMatch out;
  decoder.Map(
      node, "selector",
      {{"matchLabels",
        [&](const YamlNode& n) { decoder.StringMap(n, "selector.matchLabels", out.match_labels); }},
       {"matchExpressions",
        [&](const YamlNode& n) {
          decoder.Sequence(
              n, "selector.matchExpressions", [&](const YamlNode& item, const std::string& path) {
                DecodeRequirement(item, path, decoder, out.match_expressions.emplace_back());
              });
        }},
       {"matchAll",
        [&](const YamlNode& n) { decoder.Bool(n, "selector.matchAll", out.match_all); }}});
  return out;
}

}  // namespace telltale
