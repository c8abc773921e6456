// SPDX-License-Identifier: Apache-2.0
//
// record = *( garbage / key [ "=" [ value ] ] )      garbage = bytes up to the space
// value  = *( byte above space but not = or " ) / <"> *( byte / "\" byte ) <">
#include "sidecar/pipeline/logfmt_scan.h"

#include "sidecar/pipeline/json_text.h"

namespace telltale {
namespace {

bool IsSpace(char c) { return static_cast<unsigned char>(c) <= ' '; }

bool IsHex(char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Whether go-logfmt can unquote what stands between the quotes: JSON's escapes and \', and no
// control characters when anything is escaped.
bool CanUnquote(std::string_view body) {
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (static_cast<unsigned char>(body[i]) < ' ') return false;
    if (body[i] != '\\') continue;
    if (++i == body.size()) return false;
    if (body[i] == 'u') {
      for (int k = 0; k < 4; ++k) {
        if (++i == body.size() || !IsHex(body[i])) return false;
      }
    } else if (std::string_view("\"\\/'bfnrt").find(body[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// The value in quotes that starts at `at`; false when it does not end or cannot be unquoted.
bool TakeQuoted(std::string_view line, std::size_t& at, Arena& arena, std::string_view& value) {
  const std::size_t start = ++at;
  bool escaped = false;
  for (; at < line.size() && line[at] != '"'; ++at) {
    if (line[at] != '\\') continue;
    escaped = true;
    if (++at == line.size()) return false;
  }
  if (at >= line.size()) return false;
  value = line.substr(start, at - start);
  ++at;
  if (!escaped) return true;
  if (!CanUnquote(value)) return false;
  value = UnescapeJson(value, arena);
  return true;
}

// False at the end of the line or at a mistake.
bool TakePair(std::string_view line, std::size_t& at, Arena& arena, std::string_view& key,
              std::string_view& value) {
  while (at < line.size() && IsSpace(line[at])) ++at;
  if (at == line.size()) return false;
  const std::size_t start = at;
  while (at < line.size() && !IsSpace(line[at]) && line[at] != '=' && line[at] != '"') ++at;
  key = line.substr(start, at - start);
  value = {};
  // The text is valid UTF-8, but Go takes U+FFFD in it for a sign that it is not.
  if (key.find("\xef\xbf\xbd") != key.npos) return false;
  if (at == line.size() || IsSpace(line[at])) return true;
  if (line[at] == '"' || key.empty()) return false;
  if (++at == line.size() || IsSpace(line[at])) return true;
  if (line[at] == '"') return TakeQuoted(line, at, arena, value);
  const std::size_t from = at;
  while (at < line.size() && !IsSpace(line[at])) {
    if (line[at] == '=' || line[at] == '"') return false;
    ++at;
  }
  value = line.substr(from, at - from);
  return true;
}

}  // namespace

void ScanLogfmt(std::string_view text, Arena& arena,
                FunctionRef<void(std::string_view key, std::string_view value)> pair) {
  while (!text.empty()) {  // records, which are lines
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
    std::size_t at = 0;
    std::string_view key, value;
    while (TakePair(line, at, arena, key, value)) pair(key, value);
    if (at < line.size()) return;  // a mistake ends the whole text
  }
}

}  // namespace telltale
