// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/text_format.h"

#include <array>
#include <charconv>
#include <cmath>

#include "common/base/utf8.h"
#include "common/exposition/go_text.h"

namespace telltale {
namespace {

bool IsNameChar(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  out += out.back() == '{' ? "" : ",";
  out += name;
  out += "=\"";
  AppendEscaped(value, true, out);
  out += '"';
}

}  // namespace

void AppendEscaped(std::string_view text, bool in_quotes, std::string& out) {
  if (text.find_first_of("\\\n\"") == std::string_view::npos && IsUtf8(text)) {
    out += text;
    return;
  }
  std::string valid;
  AppendValidUtf8(text, valid);
  for (const char c : valid) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && in_quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

bool IsMetricName(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!IsNameChar(name[i], i == 0) && name[i] != ':') return false;
  }
  return !name.empty();
}

std::string SamplePrefix(std::string_view name, const Labels& labels, std::string_view le) {
  std::string out(name);
  if (!labels.empty() || !le.empty()) {
    out += '{';
    for (const auto& [label, value] : labels) AppendLabel(label, value, out);
    if (!le.empty()) AppendLabel("le", le, out);
    out += '}';
  }
  out += ' ';
  return out;
}

void AppendUint(std::uint64_t value, std::string& out) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void AppendDouble(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
}

void AppendOpenMetricsBound(double bound, std::string& out) {
  const std::size_t begin = out.size();
  AppendGoFloat(bound, out);
  if (out.find_first_of(".eIN", begin) == std::string::npos) out += ".0";
}

}  // namespace telltale
