// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/template_functions.h"

#include <algorithm>
#include <array>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/strings.h"
#include "sidecar/pipeline/digest.h"

namespace telltale {
namespace {

using Arguments = TemplateArguments;

TemplateValue Text(std::string text) { return {std::move(text), TemplateValue::Kind::kText}; }
TemplateValue Bool(bool value) { return {value ? "true" : "false", TemplateValue::Kind::kBool}; }

std::string Mapped(std::string text, char (*map)(char)) {
  std::ranges::transform(text, text.begin(), map);
  return text;
}

std::string ReplacedAll(std::string_view text, std::string_view from, std::string_view to,
                        std::int64_t most) {
  std::string out;
  if (from.empty()) return std::string(text);
  for (; most != 0; --most) {
    const std::size_t at = text.find(from);
    if (at == text.npos) break;
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

std::string_view TrimmedLeft(std::string_view text, std::string_view set) {
  return text.substr(std::min(text.find_first_not_of(set), text.size()));
}
std::string_view TrimmedRight(std::string_view text, std::string_view set) {
  const std::size_t last = text.find_last_not_of(set);
  return text.substr(0, last == text.npos ? 0 : last + 1);
}
std::string_view WithoutPrefix(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}
std::string_view WithoutSuffix(std::string_view text, std::string_view suffix) {
  return text.ends_with(suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

// The replacement of one match: $1, ${1} and ${name} stand for groups unless `literal`.
void AppendExpanded(std::string_view replacement, const Regex& regex,
                    std::span<const std::string_view> groups, std::string& out) {
  while (!replacement.empty()) {
    const std::size_t dollar = std::min(replacement.find('$'), replacement.size());
    out += replacement.substr(0, dollar);
    replacement.remove_prefix(dollar);
    if (replacement.size() < 2) {
      out += replacement;
      return;
    }
    replacement.remove_prefix(1);
    if (replacement[0] == '$') {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const bool braces = replacement[0] == '{';
    std::size_t end = braces ? 1 : 0;
    const std::size_t start = end;
    while (end < replacement.size() &&
           (IsLetter(replacement[end]) || IsDigit(replacement[end]) || replacement[end] == '_')) {
      ++end;
    }
    const std::string_view name = replacement.substr(start, end - start);
    if (name.empty() || (braces && (end == replacement.size() || replacement[end] != '}'))) {
      out += '$';
      continue;
    }
    replacement.remove_prefix(braces ? end + 1 : end);
    const auto number = ParseInt(name);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const bool wanted = number ? *number == static_cast<std::int64_t>(i) : regex.name(i) == name;
      if (wanted) out += groups[i];
    }
  }
}

std::string RegexReplaced(const Regex& regex, std::string_view text, std::string_view replacement,
                          bool literal) {
  std::array<std::string_view, Regex::kMaxGroups> groups;
  const auto found = std::span(groups).first(regex.groups());
  std::string out;
  std::size_t done = 0, from = 0;
  while (from <= text.size() && regex.Find(text, from, found)) {
    const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = start + groups[0].size();
    // As in Go, an empty match right behind another match does not count.
    if (end > start || start != done || start == 0) {
      out.append(text.substr(done, start - done));
      if (literal) {
        out += replacement;
      } else {
        AppendExpanded(replacement, regex, found, out);
      }
      done = end;
    }
    from = end > start ? end : end + 1;
  }
  return out.append(text.substr(std::min(done, text.size())));
}

bool Equal(const TemplateValue& a, const TemplateValue& b) {
  const auto text = [](const TemplateValue& value) -> std::string_view {
    return value.kind == TemplateValue::Kind::kMissing ? std::string_view() : value.text;
  };
  return text(a) == text(b);
}

TemplateValue AnyEqual(Arguments a, const Regex*) {
  return Bool(std::ranges::any_of(a.subspan(1), [&](const auto& b) { return Equal(a[0], b); }));
}
// As in Go: the first argument that decides, else the last.
TemplateValue And(Arguments a, const Regex*) {
  for (const TemplateValue& value : a) {
    if (!value.truth()) return value;
  }
  return a.back();
}
TemplateValue Or(Arguments a, const Regex*) {
  for (const TemplateValue& value : a) {
    if (value.truth()) return value;
  }
  return a.back();
}
TemplateValue Truncated(Arguments a, const Regex*) {
  const auto length = ParseInt(a[0].text);
  std::string_view text = a[1].text;
  if (!length) return a[1];
  const auto size = static_cast<std::int64_t>(text.size());
  if (*length >= 0) return Text(std::string(text.substr(0, static_cast<std::size_t>(*length))));
  return Text(std::string(
      text.substr(static_cast<std::size_t>(std::max(size + *length, std::int64_t{0})))));
}

// clang-format off
constexpr TemplateFunction kFunctions[] = {
    {"Hash", 2, 2, [](Arguments a, const Regex*) { return Text(Sha3Hex(a[0].text + a[1].text)); }},
    {"Replace", 4, 4, [](Arguments a, const Regex*) {
       return Text(ReplacedAll(a[0].text, a[1].text, a[2].text, ParseInt(a[3].text).value_or(-1))); }},
    {"Sha2Hash", 2, 2, [](Arguments a, const Regex*) { return Text(Sha256Hex(a[0].text + a[1].text)); }},
    {"ToLower", 1, 1, [](Arguments a, const Regex*) { return Text(Mapped(a[0].text, ToLowerAscii)); }},
    {"ToUpper", 1, 1, [](Arguments a, const Regex*) { return Text(Mapped(a[0].text, ToUpperAscii)); }},
    {"Trim", 2, 2, [](Arguments a, const Regex*) {
       return Text(std::string(TrimmedRight(TrimmedLeft(a[0].text, a[1].text), a[1].text))); }},
    {"TrimLeft", 2, 2, [](Arguments a, const Regex*) { return Text(std::string(TrimmedLeft(a[0].text, a[1].text))); }},
    {"TrimPrefix", 2, 2, [](Arguments a, const Regex*) { return Text(std::string(WithoutPrefix(a[0].text, a[1].text))); }},
    {"TrimRight", 2, 2, [](Arguments a, const Regex*) { return Text(std::string(TrimmedRight(a[0].text, a[1].text))); }},
    {"TrimSpace", 1, 1, [](Arguments a, const Regex*) { return Text(std::string(Trim(a[0].text))); }},
    {"TrimSuffix", 2, 2, [](Arguments a, const Regex*) { return Text(std::string(WithoutSuffix(a[0].text, a[1].text))); }},
    {"and", 1, 16, And, false, true},
    {"b64dec", 1, 1, [](Arguments a, const Regex*) { return Text(Base64Decode(a[0].text).value_or(a[0].text)); }},
    {"b64enc", 1, 1, [](Arguments a, const Regex*) { return Text(Base64Encode(a[0].text)); }},
    {"contains", 2, 2, [](Arguments a, const Regex*) { return Bool(a[1].text.find(a[0].text) != std::string::npos); }},
    {"default", 2, 2, [](Arguments a, const Regex*) { return a[1].truth() ? a[1] : a[0]; }, false, true},
    {"eq", 2, 16, AnyEqual, false, true},
    {"hasPrefix", 2, 2, [](Arguments a, const Regex*) { return Bool(a[1].text.starts_with(a[0].text)); }},
    {"hasSuffix", 2, 2, [](Arguments a, const Regex*) { return Bool(a[1].text.ends_with(a[0].text)); }},
    {"lower", 1, 1, [](Arguments a, const Regex*) { return Text(Mapped(a[0].text, ToLowerAscii)); }},
    {"ne", 2, 2, [](Arguments a, const Regex*) { return Bool(!Equal(a[0], a[1])); }, false, true},
    {"not", 1, 1, [](Arguments a, const Regex*) { return Bool(!a[0].truth()); }, false, true},
    {"or", 1, 16, Or, false, true},
    {"regexReplaceAll", 3, 3, [](Arguments a, const Regex* r) { return Text(RegexReplaced(*r, a[1].text, a[2].text, false)); }, true},
    {"regexReplaceAllLiteral", 3, 3, [](Arguments a, const Regex* r) { return Text(RegexReplaced(*r, a[1].text, a[2].text, true)); }, true},
    {"replace", 3, 3, [](Arguments a, const Regex*) { return Text(ReplacedAll(a[2].text, a[0].text, a[1].text, -1)); }},
    {"trim", 1, 1, [](Arguments a, const Regex*) { return Text(std::string(Trim(a[0].text))); }},
    {"trimPrefix", 2, 2, [](Arguments a, const Regex*) { return Text(std::string(WithoutPrefix(a[1].text, a[0].text))); }},
    {"trimSuffix", 2, 2, [](Arguments a, const Regex*) { return Text(std::string(WithoutSuffix(a[1].text, a[0].text))); }},
    {"trunc", 2, 2, Truncated},
    {"upper", 1, 1, [](Arguments a, const Regex*) { return Text(Mapped(a[0].text, ToUpperAscii)); }},
};
// clang-format on

}  // namespace

const TemplateFunction* FindTemplateFunction(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &TemplateFunction::name);
  return found == std::end(kFunctions) ? nullptr : found;
}

std::string TemplateFunctionNames() {
  std::vector<std::string> names;
  for (const TemplateFunction& function : kFunctions) names.emplace_back(function.name);
  return Join(names, ", ");
}

}  // namespace telltale
