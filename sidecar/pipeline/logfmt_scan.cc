// SPDX-License-Identifier: Apache-2.0
//
// line  = *( space / pair / word )       word = bytes up to the next space
// pair  = key [ "=" [ value ] ]          key  = bytes without space, "=" and quote
// value = word / <"> *( byte / "\" byte ) <">
#include "sidecar/pipeline/logfmt_scan.h"

#include "common/base/ascii.h"
#include "sidecar/pipeline/json_text.h"

namespace telltale {
namespace {

bool IsSpace(char c) { return static_cast<unsigned char>(c) <= ' '; }

// True if the escapes are JSON's or \', and no control character is between them.
bool CanUnquote(std::string_view body) {
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (static_cast<unsigned char>(body[i]) < ' ') return false;
    if (body[i] != '\\') continue;
    if (++i == body.size()) return false;
    if (body[i] == 'u') {
      for (int k = 0; k < 4; ++k) {
        if (++i == body.size() || !IsHexDigit(body[i])) return false;
      }
    } else if (std::string_view("\"\\/'bfnrt").find(body[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Reads the quoted value that starts at `at`. False if it does not end or has a bad escape.
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

std::string_view TakeWord(std::string_view line, std::size_t& at) {
  const std::size_t start = at;
  while (at < line.size() && !IsSpace(line[at])) ++at;
  return line.substr(start, at - start);
}

bool ScanLine(std::string_view line, Arena& arena,
              FunctionRef<void(std::string_view key, std::string_view value)> pair) {
  for (std::size_t at = 0; at < line.size();) {
    if (IsSpace(line[at])) {
      ++at;
      continue;
    }
    const std::size_t start = at;
    while (at < line.size() && !IsSpace(line[at]) && line[at] != '=' && line[at] != '"') ++at;
    const std::string_view key = line.substr(start, at - start);
    std::string_view value;
    if (at < line.size() && line[at] == '=' && !key.empty()) {
      ++at;
      if (at == line.size() || line[at] != '"') {
        value = TakeWord(line, at);
      } else if (!TakeQuoted(line, at, arena, value)) {
        return false;
      }
    } else if (at < line.size() && !IsSpace(line[at])) {
      TakeWord(line, at);  // "=value" or a quote: no pair
      continue;
    }
    pair(key, value);
  }
  return true;
}

}  // namespace

bool ScanLogfmt(std::string_view text, Arena& arena,
                FunctionRef<void(std::string_view key, std::string_view value)> pair) {
  while (!text.empty()) {  // a block of several lines has one record in each
    const std::size_t end = text.find('\n');
    if (!ScanLine(text.substr(0, end), arena, pair)) return false;
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  return true;
}

}  // namespace telltale
