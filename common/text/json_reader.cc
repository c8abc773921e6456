// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_reader.h"

#include <charconv>
#include <cstring>
#include <string>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "common/text/json_index.h"
#include "common/text/json_token.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxDocument = 64u << 20;
constexpr std::uint32_t kMaxDepth = 128;

}  // namespace

// What a parser keeps from one document to the next, and where it is in the present one.
struct JsonReading {
  JsonIndex index;
  std::string_view text;
  std::uint32_t next = 0;        // the token whose turn it is: what stands before it was read
  std::optional<Error> failure;  // the first malformed place that was reached
  bool busy = false;
  // The first backslash at or behind the last string that was read: strings are read in order, so
  // that one search serves all of them that stand before it.
  const char* backslash = nullptr;
  // Strings without their escapes. Each is read once and gets shorter, so that the document's size
  // is enough for all of them.
  std::unique_ptr<char[]> unescaped;
  std::size_t unescaped_size = 0, unescaped_capacity = 0;

  // Sticky, so that a decoder that takes "no string here" for an absent field cannot hide it.
  Error Malformed(std::uint32_t token, std::string_view what) {
    if (!failure) failure = MalformedJson(index.Offset(token), what);
    return *failure;
  }
  Error Misplaced(std::uint32_t token) {
    return Malformed(token, "a comma, colon, key or bracket is missing or misplaced");
  }
  void Begin(std::string_view document);
  std::optional<std::string_view> Text(std::uint32_t token);

 private:
  bool HasEscape(std::string_view raw);
  std::optional<std::string_view> Unescape(std::string_view raw);
};

void JsonReading::Begin(std::string_view document) {
  text = document;
  next = 0;
  failure.reset();
  backslash = text.data();
  unescaped_size = 0;
}

bool JsonReading::HasEscape(std::string_view raw) {
  const char* const end = text.data() + text.size();
  if (backslash < raw.data()) {
    const auto rest = static_cast<std::size_t>(end - raw.data());
    const void* found = std::memchr(raw.data(), '\\', rest);
    backslash = found == nullptr ? end : static_cast<const char*>(found);
  }
  return backslash < raw.data() + raw.size();
}

// The string that starts with this token. Nothing when it is malformed, which is remembered.
std::optional<std::string_view> JsonReading::Text(std::uint32_t token) {
  std::string_view raw = index.Scalar(token);
  if (raw.size() < 2 || raw.back() != '"') {
    (void)Misplaced(token);
    return {};
  }
  raw = raw.substr(1, raw.size() - 2);
  if (!HasEscape(raw)) return raw;
  const auto plain = Unescape(raw);
  if (!plain) (void)Malformed(token, "a string has a bad escape");
  return plain;
}

std::optional<std::string_view> JsonReading::Unescape(std::string_view raw) {
  if (unescaped_size == 0 && unescaped_capacity < text.size()) {
    unescaped = std::make_unique_for_overwrite<char[]>(text.size());
    unescaped_capacity = text.size();
  }
  TELLTALE_CHECK(raw.size() <= unescaped_capacity - unescaped_size);
  char* const start = unescaped.get() + unescaped_size;
  const auto size = UnescapeJson(raw, start);
  if (!size) return {};
  unescaped_size += *size;
  return std::string_view(start, *size);
}

JsonParser::JsonParser() : reading_(std::make_unique<JsonReading>()) {}
JsonParser::~JsonParser() = default;

Status JsonParser::Parse(std::string_view text, FunctionRef<Status(JsonValue root)> root) {
  JsonReading& reading = *reading_;
  TELLTALE_CHECK(!reading.busy);  // a parser is not used from inside its own callback
  if (text.size() > kMaxDocument) {
    return Fail(Code::kTooLarge, "a JSON document of " + std::to_string(text.size()) +
                                     " bytes is over the limit of 64 MiB");
  }
  TELLTALE_TRY(reading.index.Build(text));
  reading.Begin(text);
  reading.busy = true;
  Status status = root(JsonValue(&reading, 0, 1));
  reading.busy = false;
  if (reading.failure) return *reading.failure;
  return status;
}

JsonValue::Type JsonValue::type() {
  const JsonIndex& index = reading_->index;
  switch (index.At(at_)) {
    case '{':
      return Type::kObject;
    case '[':
      return Type::kArray;
    case '"':
      return Type::kString;
    default:
      break;
  }
  const std::string_view token = index.Scalar(at_);
  if (token == "true" || token == "false") return Type::kBool;
  if (token == "null") return Type::kNull;
  if (IsJsonNumber(token)) return Type::kNumber;
  (void)reading_->Malformed(at_, "a value is misspelt");
  return Type::kInvalid;
}

std::optional<std::string_view> JsonValue::String() {
  JsonReading& reading = *reading_;
  if (reading.next != at_ || reading.index.At(at_) != '"' || reading.failure) return {};
  reading.next = at_ + 1;
  return reading.Text(at_);
}

std::optional<std::int64_t> JsonValue::Int() {
  if (type() != Type::kNumber) return {};
  return ParseInt(reading_->index.Scalar(at_));
}

std::optional<double> JsonValue::Double() {
  if (type() != Type::kNumber) return {};
  const std::string_view token = reading_->index.Scalar(at_);
  double number = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (error != std::errc() || end != token.data() + token.size()) return {};
  return number;
}

std::optional<bool> JsonValue::Bool() {
  if (type() != Type::kBool) return {};
  return reading_->index.At(at_) == 't';
}

// What ForEachField and ForEachElement check before they go into a value.
Status JsonValue::Enter(char bracket, std::string_view name) {
  JsonReading& reading = *reading_;
  if (reading.failure) return *reading.failure;
  const auto at = [&] { return std::to_string(reading.index.Offset(at_)); };
  if (reading.index.At(at_) != bracket) {
    return Fail(Code::kInvalid, "the JSON value at byte " + at() + " is not " + std::string(name));
  }
  if (reading.next != at_) {
    return Fail(Code::kInternal, "the JSON value at byte " + at() + " was read before");
  }
  reading.next = at_ + 1;
  if (depth_ > kMaxDepth) return reading.Malformed(at_, "it is nested deeper than 128 levels");
  return {};
}

// No token is looked at behind the closing bracket: a member that lacks something meets it first.
Status JsonValue::ForEachField(FunctionRef<Status(std::string_view key, JsonValue value)> field) {
  TELLTALE_TRY(Enter('{', "an object"));
  JsonReading& reading = *reading_;
  const JsonIndex& index = reading.index;
  const std::uint32_t close = index.CloseOf(at_);
  for (std::uint32_t i = at_ + 1; close != at_ + 1; ++i) {
    if (index.At(i) != '"' || index.At(i + 1) != ':') return reading.Misplaced(i);
    const auto key = reading.Text(i);
    if (!key) return *reading.failure;
    const std::uint32_t value = i + 2;
    if (!CanStartJsonValue(index.At(value))) {
      return reading.Malformed(value, "a member has no value");
    }
    reading.next = value;
    TELLTALE_TRY(field(*key, JsonValue(&reading, value, depth_ + 1)));
    if (reading.failure) return *reading.failure;
    i = index.After(value);
    if (i == close) break;
    if (index.At(i) != ',') return reading.Misplaced(i);
  }
  reading.next = close + 1;
  return {};
}

Status JsonValue::ForEachElement(FunctionRef<Status(JsonValue value)> element) {
  TELLTALE_TRY(Enter('[', "an array"));
  JsonReading& reading = *reading_;
  const JsonIndex& index = reading.index;
  const std::uint32_t close = index.CloseOf(at_);
  for (std::uint32_t i = at_ + 1; close != at_ + 1; ++i) {
    if (!CanStartJsonValue(index.At(i))) return reading.Malformed(i, "an element is missing");
    reading.next = i;
    TELLTALE_TRY(element(JsonValue(&reading, i, depth_ + 1)));
    if (reading.failure) return *reading.failure;
    i = index.After(i);
    if (i == close) break;
    if (index.At(i) != ',') return reading.Misplaced(i);
  }
  reading.next = close + 1;
  return {};
}

std::size_t JsonValue::RawSize() const {
  const JsonIndex& index = reading_->index;
  const char first = index.At(at_);
  if (first != '{' && first != '[') return index.Scalar(at_).size();
  return index.Offset(index.CloseOf(at_)) + 1 - index.Offset(at_);
}

std::optional<std::string_view> JsonValue::Raw() {
  JsonReading& reading = *reading_;
  const JsonIndex& index = reading.index;
  const char first = index.At(at_);
  if (first != '{' && first != '[') {
    if (type() == Type::kInvalid) return {};
    return index.Scalar(at_);
  }
  if (reading.failure || reading.next != at_) return {};
  const std::uint32_t close = index.CloseOf(at_);
  reading.next = close + 1;
  const std::size_t start = index.Offset(at_);
  return reading.text.substr(start, index.Offset(close) + 1 - start);
}

}  // namespace telltale
