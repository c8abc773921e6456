// SPDX-License-Identifier: Apache-2.0
#include "common/text/yaml_text.h"

#include <algorithm>
#include <string>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {

std::optional<YamlProblem> FindBadBytes(std::string_view text) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return YamlProblem{1, "the text is UTF-16: save it as UTF-8"};
  }
  std::string valid;
  AppendValidUtf8(text, valid);
  int line = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != valid[i]) return YamlProblem{line, "the text is not UTF-8"};
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') {
      std::string code;
      AppendHex(static_cast<unsigned char>(c), code);
      return YamlProblem{line, "there is a control character, 0x" + code};
    }
    if (c == '\n') ++line;
  }
  return std::nullopt;
}

bool EndsQuote(std::string_view text, std::size_t at) {
  text.remove_prefix(std::min(at, text.size()));
  const char quote = text.empty() ? '\0' : text.front();
  if (quote != '"' && quote != '\'') return true;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote == '"') {
      ++i;  // with the character behind it
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return true;
      ++i;  // two single quotes are one in the text
    }
  }
  return false;
}

bool SeparatesDocuments(std::string_view text) {
  for (std::string_view line : Split(text, '\n')) {
    if (line.starts_with("---") || line.starts_with("...")) return true;
  }
  return Trim(text).starts_with('{');
}

namespace {

// The bytes of a character that must be escaped, at the start of `text`; 0: it may stand.
std::size_t MustEscape(std::string_view text, std::string_view& escape) {
  struct Rule {
    std::string_view bytes, escape;
  };
  constexpr Rule kRules[] = {{"\x7f", "\\u007f"},         {"\xe2\x80\xa8", "\\u2028"},
                             {"\xe2\x80\xa9", "\\u2029"}, {"\xef\xbb\xbf", "\\ufeff"},
                             {"\xef\xbf\xbe", "\\ufffe"}, {"\xef\xbf\xbf", "\\uffff"}};
  for (const Rule& rule : kRules) {
    if (!text.starts_with(rule.bytes)) continue;
    escape = rule.escape;
    return rule.bytes.size();
  }
  // U+0080 to U+009F.
  const bool control =
      text.size() > 1 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
  escape = "";
  return control ? 2 : 0;
}

bool MayNeedEscape(char c) { return c == '\x7f' || c == '\xc2' || c == '\xe2' || c == '\xef'; }

}  // namespace

std::string EscapedForYaml(std::string text) {
  if (std::ranges::none_of(text, MayNeedEscape)) return text;
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view escape;
    const std::size_t bytes = MayNeedEscape(rest.front()) ? MustEscape(rest, escape) : 0;
    if (bytes == 0) {
      out += rest.front();
    } else if (!escape.empty()) {
      out += escape;
    } else {
      out += "\\u00";
      AppendHex(static_cast<unsigned char>(rest[1]), out);
    }
    rest.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return out;
}

}  // namespace telltale
