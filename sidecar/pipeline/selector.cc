// SPDX-License-Identifier: Apache-2.0
//
// selector = "{" [ label *( "," label ) [ "," ] ] "}" *( filter )
// label    = name ( "=" / "!=" / "=~" / "!~" ) string
// filter   = ( "|=" / "!=" / "|~" / "!~" ) string
#include "sidecar/pipeline/selector.h"

#include <algorithm>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/quoted_text.h"

namespace telltale {
namespace {

void SkipSpaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

bool Take(std::string_view& text, std::string_view word) {
  SkipSpaces(text);
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

Error Wrong(std::string_view what) {
  return Fail(Code::kInvalid,
              std::string(what) +
                  ": write it as {app=\"shop\", level=~\"warn|error\"} |= \"text\", "
                  "with =, !=, =~, !~ on labels and |=, !=, |~, !~ on the line");
}

}  // namespace

Result<Selector> Selector::Compile(std::string_view text) {
  Selector out;
  TELLTALE_TRY(out.Labels(text));
  TELLTALE_TRY(out.LineFilters(text));
  if (out.conditions_.empty()) {
    return Wrong("selects every line, so the stage has no use");
  }
  return out;
}

Status Selector::Operand(std::string_view& text, bool is_regex, bool whole, Condition& out) {
  SkipSpaces(text);
  if (text.empty() || (text.front() != '"' && text.front() != '`') ||
      !TakeQuotedText(text, out.text)) {
    return Wrong("has an operator without a text in quotes behind it");
  }
  if (!is_regex) return {};
  auto regex = Regex::Compile(whole ? "^(?:" + out.text + ")$" : out.text);
  if (!regex) return regex.error();
  out.regex.push_back(std::move(*regex));
  return {};
}

Status Selector::Labels(std::string_view& text) {
  if (!Take(text, "{")) return Wrong("does not begin with {");
  for (bool first = true; !Take(text, "}"); first = false) {
    if (!first) {
      if (!Take(text, ",")) return Wrong("has no } behind its labels");
      if (Take(text, "}")) return {};
    }
    SkipSpaces(text);
    std::size_t end = 0;
    while (end < text.size() && (IsLetter(text[end]) || IsDigit(text[end]) || text[end] == '_')) {
      ++end;
    }
    const std::string_view name = text.substr(0, end);
    if (!IsLabelName(name)) return Wrong("has something in { } that is no label");
    text.remove_prefix(end);
    Condition& condition = conditions_.emplace_back();
    const auto known = std::ranges::find(labels_, name);
    condition.label = static_cast<std::size_t>(known - labels_.begin());
    if (known == labels_.end()) labels_.emplace_back(name);
    bool is_regex = Take(text, "=~");
    if (!is_regex) {
      is_regex = condition.negated = Take(text, "!~");
      if (!is_regex) {
        condition.negated = Take(text, "!=");
        if (!condition.negated && !Take(text, "=")) return Wrong("has a label without an operator");
      }
    }
    TELLTALE_TRY(Operand(text, is_regex, true, condition));
  }
  return {};
}

Status Selector::LineFilters(std::string_view& text) {
  for (SkipSpaces(text); !text.empty(); SkipSpaces(text)) {
    Condition& condition = conditions_.emplace_back();
    condition.on_line = true;
    condition.negated = text.front() == '!';
    const bool is_regex = Take(text, "|~") || Take(text, "!~");
    if (!is_regex && !Take(text, "|=") && !Take(text, "!=")) {
      return Wrong("has something behind the labels that is no filter of the line");
    }
    TELLTALE_TRY(Operand(text, is_regex, false, condition));
  }
  return {};
}

bool Selector::Matches(FunctionRef<std::string_view(std::size_t i)> label,
                       std::string_view line) const {
  return std::ranges::all_of(conditions_, [&](const Condition& condition) {
    const std::string_view text = condition.on_line ? line : label(condition.label);
    bool holds = false;
    if (!condition.regex.empty()) {
      holds = condition.regex[0].Matches(text);
    } else {
      holds = condition.on_line ? text.find(condition.text) != text.npos : text == condition.text;
    }
    return holds != condition.negated;
  });
}

}  // namespace telltale
