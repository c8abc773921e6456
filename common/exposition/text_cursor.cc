// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/text_cursor.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/exposition/go_text.h"

namespace telltale {

std::string_view TextCursor::Word() {
  const std::size_t begin = at_;
  while (!AtEnd() && !AtBlank()) ++at_;
  return line_.substr(begin, at_ - begin);
}

std::string_view TextCursor::Rest() {
  const std::size_t begin = std::min(at_, line_.size());
  at_ = line_.size();
  Peek();
  return line_.substr(begin);
}

std::string_view TextCursor::Name(bool colon) {
  const std::size_t begin = at_;
  for (char c = Peek(); c != '\n'; c = Peek()) {
    const bool fits = IsLetter(c) || c == '_' || (colon && c == ':') || (IsDigit(c) && at_ > begin);
    if (!fits) break;
    ++at_;
  }
  return line_.substr(begin, at_ - begin);
}

bool TextCursor::Quoted(std::string& out, std::string& problem) {
  for (char c = Peek();; c = Peek()) {
    if (c == '\n') {
      problem = "label value " + GoQuoted(out) + " contains unescaped new-line";
      return false;
    }
    ++at_;
    if (c == '"') return true;
    if (c != '\\') {
      out += c;
      continue;
    }
    const char escaped = Peek();
    ++at_;
    if (escaped == 'n') {
      out += '\n';
    } else if (escaped == '"' || escaped == '\\') {
      out += escaped;
    } else {
      problem = std::string("invalid escape sequence '\\") + escaped + "'";
      return false;
    }
  }
}

}  // namespace telltale
