// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/clean_utf8.h"

namespace telltale {
namespace {

unsigned FourHex(const char* p) {
  return HexValue(p[0]) << 12 | HexValue(p[1]) << 8 | HexValue(p[2]) << 4 | HexValue(p[3]);
}

// Reads \uXXXX behind `p`, pairs of surrogates as one; half a pair is U+FFFD.
const char* TakeUnicode(const char* p, const char* end, std::uint32_t& c) {
  c = FourHex(p);
  p += 4;
  if (c < 0xd800 || c > 0xdfff) return p;
  if (c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
    const unsigned low = FourHex(p + 2);
    if (low >= 0xdc00 && low <= 0xdfff) {
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
      return p + 6;
    }
  }
  c = 0xfffd;
  return p;
}

// True if a number is kept as it is written: every integer, so that ids above 2^53 keep their
// digits; a fraction without needless zeros, or with more digits than a double holds. Other numbers
// are printed as Go prints a float64.
bool KeepsDigits(std::string_view number) {
  if (number.find_first_of("eE") != number.npos) return false;
  if (number.find('.') == number.npos) return true;
  if (number.back() != '0') return number != "-0.0";
  constexpr std::size_t kDoubleDigits = 15;
  return number.size() > kDoubleDigits + 1;
}

void AppendQuoted(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += "\\u00";
      AppendHex(byte, out);
    } else if (text.substr(i, 2) == "\xe2\x80" && i + 2 < text.size() &&
               (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
      out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += '"';
}

// Walks a value that is known to be valid.
class Canonical {
 public:
  Canonical(std::string_view text, std::string& out)
      : p_(text.data()), end_(p_ + text.size()), out_(out) {}

  void Value() {
    Space();
    if (p_ == end_) return;
    if (*p_ == '{') return Object();
    if (*p_ == '[') return Array();
    if (*p_ == '"') return AppendQuoted(String(), out_);
    const char* start = p_;
    while (p_ != end_ && *p_ != ',' && *p_ != ']' && *p_ != '}' && *p_ > ' ') ++p_;
    const std::string_view token(start, static_cast<std::size_t>(p_ - start));
    double number = 0;
    if (token == "true" || token == "false" || token == "null" || KeepsDigits(token) ||
        std::from_chars(token.data(), token.data() + token.size(), number).ec != std::errc()) {
      out_ += token;
    } else {
      AppendGoFloat(number, true, out_);
    }
  }

 private:
  void Space() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r')) ++p_;
  }
  std::string_view String() {
    const char* start = ++p_;
    while (p_ != end_ && *p_ != '"') p_ += *p_ == '\\' ? 2 : 1;
    const std::string_view body(start, static_cast<std::size_t>(p_ - start));
    ++p_;
    return UnescapeJson(body, arena_);
  }
  bool Next(char close) {  // behind a value; true when another one follows
    Space();
    const bool more = p_ != end_ && *p_ == ',';
    if (p_ != end_ && (more || *p_ == close)) ++p_;
    return more;
  }
  void Array() {
    out_ += '[';
    ++p_;
    Space();
    if (p_ != end_ && *p_ == ']') {
      ++p_;
    } else {
      for (bool more = true; more;) {
        Value();
        more = Next(']');
        if (more) out_ += ',';
      }
    }
    out_ += ']';
  }
  void Object() {
    std::vector<std::pair<std::string, std::string>> members;
    ++p_;
    Space();
    if (p_ != end_ && *p_ == '}') {
      ++p_;
    } else {
      for (bool more = true; more; more = Next('}')) {
        Space();
        std::string key(String());
        Space();
        ++p_;  // the colon
        std::string value;
        std::swap(value, out_);  // the value goes into a text of its own
        Value();
        std::swap(value, out_);
        members.emplace_back(std::move(key), std::move(value));
      }
    }
    std::stable_sort(members.begin(), members.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    out_ += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i + 1].first == members[i].first) continue;
      if (out_.back() != '{') out_ += ',';
      AppendQuoted(members[i].first, out_);
      out_ += ':';
      out_ += members[i].second;
    }
    out_ += '}';
  }

  const char* p_;
  const char* end_;
  std::string& out_;
  Arena arena_;
};

}  // namespace

std::string_view UnescapeJson(std::string_view body, Arena& arena) {
  if (body.find('\\') == body.npos) return body;
  char* const start = arena.Take(body.size());
  char* out = start;
  const char* p = body.data();
  const char* const end = p + body.size();
  while (p != end) {
    if (*p != '\\' || end - p < 2) {
      *out++ = *p++;
      continue;
    }
    const char c = p[1];
    p += 2;
    if (c == 'u' && end - p >= 4) {
      std::uint32_t point = 0;
      p = TakeUnicode(p, end, point);
      out = PutUtf8(point, out);
    } else {
      static constexpr std::string_view kFrom = "bfnrt", kTo = "\b\f\n\r\t";
      const std::size_t at = kFrom.find(c);
      *out++ = at == kFrom.npos ? c : kTo[at];
    }
  }
  const auto size = static_cast<std::size_t>(out - start);
  arena.Shrink(body.size() - size);
  return {start, size};
}

void AppendGoFloat(double value, bool exponents, std::string& out) {
  char text[40];
  const auto done = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  std::string_view printed(text, static_cast<std::size_t>(done.ptr - text));
  if (printed.starts_with('-')) {
    out += '-';
    printed.remove_prefix(1);
  }
  const std::size_t e = printed.find('e');
  int exponent = 0;
  const char* exp_at = printed.data() + e + 1;
  if (*exp_at == '+') ++exp_at;
  std::from_chars(exp_at, done.ptr, exponent);
  std::string digits(1, printed[0]);
  if (e > 1) digits += printed.substr(2, e - 2);
  if (exponents && value != 0 && (exponent < -6 || exponent >= 21)) {
    out += digits[0];
    if (digits.size() > 1) out.append(".").append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    const int size = exponent < 0 ? -exponent : exponent;
    // Go pads to two digits and encoding/json takes the zero of e-0N away again.
    if (size < 10 && exponent > 0) out += '0';
    out += std::to_string(size);
    return;
  }
  if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out.append(digits).append(whole - digits.size(), '0');
  } else {
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
}

bool PrintJsonNumber(std::string_view number, Arena& arena, std::string_view& out) {
  if (KeepsDigits(number)) {
    out = number;
    return true;
  }
  double value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec == std::errc::result_out_of_range) {
    // Too small is zero for Go, too large is an error.
    const std::size_t e = number.find_first_of("eE");
    if (e == number.npos || number[e + 1] != '-') return false;
    value = number.starts_with('-') ? -0.0 : 0.0;
  }
  std::string text;
  AppendGoFloat(value, false, text);
  out = arena.Copy(text);
  return true;
}

void AppendCanonicalJson(std::string_view value, std::string& out) {
  Canonical(value, out).Value();
}

}  // namespace telltale
