// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/ansi.h"

#include <algorithm>

namespace telltale {
namespace {

constexpr char kEscape = '\x1b', kBell = '\a';
constexpr std::string_view kCsi = "\xc2\x9b";  // U+009B, the same as ESC [

bool In(char c, char first, char last) { return c >= first && c <= last; }

// The position behind the parameters and the final byte of a control sequence: ESC [ 1;31 m.
std::size_t EndOfControl(std::string_view text, std::size_t at) {
  while (at < text.size() && In(text[at], 0x20, 0x3f)) ++at;
  return at < text.size() && In(text[at], 0x40, 0x7e) ? at + 1 : at;
}

// The position behind a string that BEL or ESC \ ends: a window title, a hyperlink.
std::size_t EndOfString(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == kBell) return at + 1;
    if (text[at] == kEscape && at + 1 < text.size() && text[at + 1] == '\\') return at + 2;
  }
  return at;
}

// The position behind the sequence whose ESC is at `at`.
std::size_t EndOfEscape(std::string_view text, std::size_t at) {
  if (++at == text.size()) return at;
  if (text[at] == '[') return EndOfControl(text, at + 1);
  if (std::string_view("]PX^_").find(text[at]) != std::string_view::npos) {
    return EndOfString(text, at + 1);
  }
  while (at < text.size() && In(text[at], 0x20, 0x2f)) ++at;  // ESC ( B
  return at < text.size() && In(text[at], 0x30, 0x7e) ? at + 1 : at;
}

std::size_t NextSequence(std::string_view text, std::size_t from) {
  return std::min({text.find(kEscape, from), text.find(kCsi, from), text.size()});
}

}  // namespace

bool HasAnsi(std::string_view text) { return NextSequence(text, 0) < text.size(); }

void AppendWithoutAnsi(std::string_view text, std::string& out) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = NextSequence(text, at);
    out += text.substr(at, next - at);
    if (next == text.size()) return;
    at = text[next] == kEscape ? EndOfEscape(text, next) : EndOfControl(text, next + kCsi.size());
  }
}

}  // namespace telltale
