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

}  // namespace telltale
