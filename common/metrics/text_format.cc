// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/text_format.h"

#include <array>
#include <charconv>
#include <cmath>

namespace telltale {
namespace {

bool IsNameChar(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

// `text` as valid UTF-8 with its escapes; only a label's value is in quotes.
void AppendEscaped(std::string_view text, bool in_quotes, std::string& out) {
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

void AppendLabel(std::string_view name, std::string_view value, std::string& out) {
  out += out.back() == '{' ? "" : ",";
  out += name;
  out += "=\"";
  AppendEscaped(value, true, out);
  out += '"';
}

}  // namespace

bool IsMetricName(std::string_view name) {
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (!IsNameChar(name[i], i == 0) && name[i] != ':') return false;
  }
  return !name.empty();
}

std::string FamilyHeader(std::string_view name, std::string_view help, std::string_view type) {
  std::string out = "# HELP ";
  out.append(name).append(" ");
  AppendEscaped(help, false, out);
  out.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  return out;
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

}  // namespace telltale
