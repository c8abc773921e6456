// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/go_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "common/base/ascii.h"
#include "common/base/utf8.h"

namespace telltale {
namespace {

bool IsWord(std::string_view text, std::string_view lower) {
  return text.size() == lower.size() && LowerAscii(text) == lower;
}

// Whether Go names the character after a backslash; appends it then.
bool AppendShortEscape(char c, std::string& out) {
  static constexpr std::string_view kFrom = "\a\b\f\n\r\t\v\\", kTo = "abfnrtv\\";
  const std::size_t at = kFrom.find(c);
  if (at == std::string_view::npos) return false;
  out += '\\';
  out += kTo[at];
  return true;
}

void AppendQuotedByte(char c, char quote, std::string& out) {
  if (c == quote) {
    out += '\\';
    out += c;
  } else if (!AppendShortEscape(c, out)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      out += "\\x";
      AppendHex(byte, out);
    } else {
      out += c;
    }
  }
}

}  // namespace

std::optional<double> ParseGoFloat(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  const bool has_sign = negative || digits.starts_with('+');
  if (has_sign) digits.remove_prefix(1);
  if (IsWord(digits, "inf") || IsWord(digits, "infinity")) {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (IsWord(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  // The number must begin here: from_chars would take a second sign and other words.
  if (digits.empty() || (digits[0] != '.' && !IsDigit(digits[0]))) return {};
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ptr != end || read.ec == std::errc::invalid_argument) return {};
  if (read.ec == std::errc::result_out_of_range) {
    value = std::strtod(std::string(digits).c_str(), nullptr);  // too small is zero, as in Go
    if (std::isinf(value)) return {};
  }
  return negative ? -value : value;
}

void AppendGoFloat(double value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  char text[40];
  const auto scientific =
      std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  const std::string_view written(text, static_cast<std::size_t>(scientific.ptr - text));
  int exponent = 0;
  const std::size_t e = written.find('e');
  const std::size_t digits = written[e + 1] == '+' ? e + 2 : e + 1;
  std::from_chars(written.data() + digits, written.data() + written.size(), exponent);
  if (exponent < -4 || exponent >= 6) {
    out += written;
    return;
  }
  const auto fixed = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed);
  out.append(text, static_cast<std::size_t>(fixed.ptr - text));
}

std::string GoQuoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = Utf8Length(text);
    if (length > 1) {
      out += text.substr(0, length);
    } else {
      AppendQuotedByte(text[0], '"', out);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out += '"';
}

std::string GoQuotedChar(char c) {
  std::string out = "'";
  AppendQuotedByte(c, '\'', out);
  return out += '\'';
}

}  // namespace telltale
