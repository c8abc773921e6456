// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "common/base/check.h"
#include "common/base/json_escape.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

bool IsPlainAscii(char c) { return IsPlainInJson(c) && static_cast<unsigned char>(c) < 0x80; }

template <class Number>
void AppendNumber(Number value, std::string& out) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void AppendJsonString(std::string_view value, std::string& out) {
  out += '"';
  std::size_t at = 0;
  while (at < value.size()) {
    const std::size_t begin = at;
    while (at < value.size() && IsPlainAscii(value[at])) ++at;
    out.append(value.substr(begin, at - begin));
    if (at == value.size()) break;
    if (static_cast<unsigned char>(value[at]) < 0x80) {
      AppendJsonEscape(value[at++], out);
      continue;
    }
    // No sequence of UTF-8 has an ASCII byte in it, so a run of others can be checked by itself.
    const std::size_t wide = at;
    while (at < value.size() && static_cast<unsigned char>(value[at]) >= 0x80) ++at;
    AppendValidUtf8(value.substr(wide, at - wide), out);
  }
  out += '"';
}

void JsonWriter::Separate() {
  if (after_key_) {
    after_key_ = false;
  } else if (!has_items_.empty()) {
    if (has_items_.back()) *out_ += ',';
    has_items_.back() = true;
  }
}

JsonWriter& JsonWriter::BeginObject() {
  Separate();
  *out_ += '{';
  has_items_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::EndObject() {
  TELLTALE_CHECK(!has_items_.empty() && !after_key_);
  *out_ += '}';
  has_items_.pop_back();
  return *this;
}

JsonWriter& JsonWriter::BeginArray() {
  Separate();
  *out_ += '[';
  has_items_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::EndArray() {
  TELLTALE_CHECK(!has_items_.empty() && !after_key_);
  *out_ += ']';
  has_items_.pop_back();
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  TELLTALE_CHECK(!after_key_);
  Separate();
  AppendJsonString(key, *out_);
  *out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  AppendJsonString(value, *out_);
  return *this;
}

JsonWriter& JsonWriter::Int(std::int64_t value) {
  Separate();
  AppendNumber(value, *out_);
  return *this;
}

JsonWriter& JsonWriter::Double(double value) {
  Separate();
  // JSON has no spelling for these; null is what JavaScript writes.
  if (std::isfinite(value)) {
    AppendNumber(value, *out_);
  } else {
    *out_ += "null";
  }
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) {
  Separate();
  *out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::Null() {
  Separate();
  *out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  *out_ += json;
  return *this;
}

}  // namespace telltale
