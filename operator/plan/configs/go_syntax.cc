// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/configs/go_syntax.h"

#include <algorithm>
#include <iterator>

#include "common/base/ascii.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

bool IsWord(char c) { return IsLetter(c) || IsDigit(c) || c == '_'; }

// The functions of Promtail 2.2.1 and the words of a template; what Promtail 3 has beside them it
// has from a library that 2.2.1 does not use.
constexpr std::string_view kOldWords[] = {"Hash",
                                          "Replace",
                                          "Sha2Hash",
                                          "ToLower",
                                          "ToUpper",
                                          "Trim",
                                          "TrimLeft",
                                          "TrimPrefix",
                                          "TrimRight",
                                          "TrimSpace",
                                          "TrimSuffix",
                                          "and",
                                          "else",
                                          "end",
                                          "eq",
                                          "false",
                                          "if",
                                          "ne",
                                          "not",
                                          "or",
                                          "regexReplaceAll",
                                          "regexReplaceAllLiteral",
                                          "true"};

// Words of LogQL, which are no names of labels there, in any release.
constexpr std::string_view kLogQlWords[] = {
    "and",          "bool",          "by",          "decolorize", "distinct",  "drop",
    "group_left",   "group_right",   "ignoring",    "ip",         "json",      "keep",
    "label_format", "label_replace", "line_format", "logfmt",     "offset",    "on",
    "or",           "pattern",       "regexp",      "sort",       "sort_desc", "unless",
    "unpack",       "unwrap",        "variants",    "vector",     "without"};

// Takes a quoted text whose first character is the quote. False if it has an escape that Go does
// not know.
bool TakeGoText(std::string_view& text) {
  const char quote = text.front();
  text.remove_prefix(1);
  while (!text.empty() && text.front() != quote) {
    if (quote == '"' && text.front() == '\\') {
      if (text.starts_with("\\'")) return false;
      text.remove_prefix(1);
    }
    if (!text.empty()) text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return true;
}

// Digits with at most one dot among them, and a whole number must fit.
bool IsGoNumber(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto dots = std::ranges::count(text, '.');
  const bool digits = std::ranges::any_of(text, IsDigit);
  return digits && dots <= 1 && (dots == 1 || text.size() <= 18);
}

// One action without its braces and trim markers.
std::string ActionProblem(std::string_view action, bool newer) {
  if (!newer && action.find('\n') != action.npos) {
    return "must not have a line break between {{ and }}";
  }
  char before = ' ';
  while (!action.empty()) {
    const char c = action.front();
    if ((c == '"' || c == '`' || c == '(') && !(kSpaces.find(before) != kSpaces.npos) &&
        before != '(' && before != '|') {
      return "needs a space before each quoted text and parenthesis between {{ and }}";
    }
    if (c == '"' || c == '`') {
      if (!TakeGoText(action)) return "must not escape ' in a quoted text";
      before = '"';
      continue;
    }
    std::size_t end = 1;
    if (IsWord(c) || c == '-' || c == '.') {
      while (end < action.size() && (IsWord(action[end]) || action[end] == '.')) ++end;
    }
    const std::string_view word = action.substr(0, end);
    if ((c == '-' || IsDigit(c)) && !IsGoNumber(word)) {
      return "has " + std::string(word) + ", which is no number";
    }
    if (!newer && IsLetter(c) && std::ranges::find(kOldWords, word) == std::end(kOldWords)) {
      return "has the function " + std::string(word) + ", which this Promtail does not have";
    }
    before = action[end - 1];
    action.remove_prefix(end);
  }
  return "";
}

// Where the action ends: a "}}" outside of quotes.
std::size_t EndOfAction(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty() && !rest.starts_with("}}")) {
    if (rest.front() == '"' || rest.front() == '`') {
      TakeGoText(rest);
    } else {
      rest.remove_prefix(1);
    }
  }
  return text.size() - rest.size();
}

}  // namespace

std::string GoRegexProblem(std::string_view text, bool newer) {
  if (newer || Regex::WithPythonNames(text) == text) return "";
  return "must name its groups as (?P<name>...)";
}

std::string GoTemplateProblem(std::string_view text, bool newer) {
  for (std::size_t open = text.find("{{"); open != text.npos; open = text.find("{{")) {
    text.remove_prefix(open + 2);
    if (text.starts_with("- ")) text.remove_prefix(2);
    if (text.starts_with("/*")) {
      const std::size_t end = text.find("*/");
      text.remove_prefix(end == text.npos ? text.size() : end + 2);
      if (text.starts_with(" -")) text.remove_prefix(2);
      if (!text.starts_with("}}")) return "has a comment that does not end at its }}";
      continue;
    }
    const std::size_t end = EndOfAction(text);
    std::string_view action = text.substr(0, end);
    text.remove_prefix(end);
    if (action.ends_with(" -")) action.remove_suffix(2);
    if (Trim(action).starts_with("/*")) return "has a space between {{ and a comment";
    if (std::string problem = ActionProblem(action, newer); !problem.empty()) return problem;
  }
  return "";
}

std::string LogQlProblem(std::string_view text, bool newer) {
  bool labels = false;  // there is one
  char last = ' ';      // that is no space
  while (!text.empty()) {
    const char c = text.front();
    if (c == '"' || c == '`') {
      const std::string_view begin = text;
      if (!TakeGoText(text)) return "must not escape ' in a quoted text";
      const std::string_view quoted = begin.substr(0, begin.size() - text.size());
      if (std::string wrong = GoRegexProblem(quoted, newer); !wrong.empty()) return wrong;
      last = c;
      continue;
    }
    std::size_t end = 1;
    if (IsWord(c)) {
      while (end < text.size() && IsWord(text[end])) ++end;
      labels = true;
      if (std::ranges::find(kLogQlWords, text.substr(0, end)) != std::end(kLogQlWords)) {
        return "has the label " + std::string(text.substr(0, end)) +
               ", which is a word of LogQL: copy it to a label of another name before";
      }
    }
    if (c == '}' && !labels) return "needs at least one label between { and }";
    if (c == '}' && last == ',') return "must not have a comma before }";
    if (kSpaces.find(c) == kSpaces.npos) last = c;
    text.remove_prefix(end);
  }
  return "";
}

std::string JmesPathProblem(std::string_view text) {
  // A name in quotes is read as JSON there, which has no bare control characters.
  const bool control =
      std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return control ? "must not have control characters" : "";
}

}  // namespace telltale
