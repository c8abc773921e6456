// SPDX-License-Identifier: Apache-2.0
//
// The fence of simdjson On-Demand: the only file of ours that includes it.
//
// simdjson indexes the document first, which checks its UTF-8 and its quotes. Then one pass over
// the index checks that brackets balance and that nothing follows the root, so that a document that
// was cut short gives an error before any callback runs. What a callback reads is checked when it
// is read: keys, strings, numbers and words. What nobody asks for is only counted for its brackets:
// in
// {"skipped": nul, "read": 1} the bad word is not noticed. That is what makes this fast, and no
// decoder of ours depends on a part it does not read.
//
// simdjson 3.0.1 trusts its caller to read each value once and in order, and reads past its string
// buffer otherwise; every read here compares the cursor with the value's own place first.
#include "common/text/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "common/text/json_token.h"

namespace telltale {

namespace ondemand = simdjson::ondemand;

namespace {

// What a parser keeps from one document to the next, and where it is in the present one.
struct State {
  ondemand::parser parser;
  ondemand::document document;
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;
  std::size_t size = 0;
  std::optional<Error> failure;  // the first malformed place that was reached
  bool busy = false;

  // Sticky, so that a decoder that takes "no string here" for an absent field cannot hide it.
  Error Malformed(const char* at, std::string_view what) {
    if (!failure) {
      const auto offset = static_cast<std::size_t>(at - buffer.get());
      failure = Fail(Code::kInvalid, "JSON is malformed at byte " +
                                         std::to_string(std::min(offset, size)) + ": " +
                                         std::string(what));
    }
    return *failure;
  }
  Error Malformed(simdjson::error_code code);
  const char* Cursor() {
    const char* at = nullptr;
    return document.current_location().get(at) ? buffer.get() + size : at;
  }
  void Reserve(std::size_t wanted);
};

constexpr std::size_t kMaxDocument = 64u << 20;
constexpr std::int32_t kMaxDepth = 128;
constexpr std::size_t kGrain = 64u << 10;

struct Held {
  ondemand::value value;
  State* parser;
  std::int32_t depth;  // 1 for the root
};

std::string_view Describe(simdjson::error_code code) {
  switch (code) {
    case simdjson::TAPE_ERROR:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "a comma, colon, key or bracket is missing or misplaced";
    case simdjson::STRING_ERROR:
      return "a string has a bad escape";
    case simdjson::UNESCAPED_CHARS:
      return "a string has a control character that is not escaped";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::UTF8_ERROR:
      return "the text is not UTF-8";
    case simdjson::EMPTY:
      return "the document is empty";
    default:
      return simdjson::error_message(code);
  }
}

Error State::Malformed(simdjson::error_code code) { return Malformed(Cursor(), Describe(code)); }

void State::Reserve(std::size_t wanted) {
  if (wanted <= capacity && buffer) return;
  // Half as much again, so that a stream of slowly growing documents does not allocate each time.
  capacity = std::max((wanted + kGrain - 1) / kGrain * kGrain, capacity + capacity / 2);
  buffer = std::make_unique_for_overwrite<char[]>(capacity + simdjson::SIMDJSON_PADDING);
}

}  // namespace

struct JsonParser::Impl {
  State state;
};

// Puts a Held into the bytes of a JsonValue and takes it out again.
struct JsonAccess {
  static_assert(sizeof(Held) <= sizeof(JsonValue));
  static_assert(alignof(Held) <= alignof(JsonValue));
  static_assert(std::is_trivially_copyable_v<Held>, "a JsonValue is copied byte by byte");

  static JsonValue Make(ondemand::value value, State* parser, std::int32_t depth) {
    JsonValue made;
    ::new (static_cast<void*>(made.storage_)) Held{value, parser, depth};
    return made;
  }
  static Held& Get(JsonValue& value) {
    return *std::launder(reinterpret_cast<Held*>(value.storage_));
  }
  // The first token of the value, without the blanks after it; a bracket for an object or array.
  static std::string_view Token(Held& held) { return Trim(held.value.raw_json_token()); }
  // False when the value was read before or its turn has passed.
  static bool IsNext(Held& held) {
    return !held.parser->failure && held.parser->Cursor() == held.value.raw_json_token().data();
  }
  static Status Enter(Held& held, char bracket, std::string_view name);
};

JsonParser::JsonParser() : impl_(std::make_unique<Impl>()) {}
JsonParser::~JsonParser() = default;

Status JsonParser::Parse(std::string_view text, FunctionRef<Status(JsonValue root)> root) {
  State& state = impl_->state;
  TELLTALE_CHECK(!state.busy);  // a parser is not used from inside its own callback
  if (text.size() > kMaxDocument) {
    return Fail(Code::kTooLarge, "a JSON document of " + std::to_string(text.size()) +
                                     " bytes is over the limit of 64 MiB");
  }
  state.Reserve(text.size());
  state.size = text.size();
  state.failure.reset();
  text.copy(state.buffer.get(), text.size());
  std::memset(state.buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);

  if (state.parser.capacity() < state.capacity && state.parser.allocate(state.capacity)) {
    return Fail(Code::kUnavailable, "there is no memory to parse a JSON document");
  }
  const simdjson::padded_string_view padded(state.buffer.get(), text.size(),
                                            state.capacity + simdjson::SIMDJSON_PADDING);
  if (const auto code = state.parser.iterate(padded).get(state.document)) {
    // simdjson does not say where, so the first bad byte is looked for.
    const bool bad_byte = code == simdjson::UTF8_ERROR;
    const std::size_t at = bad_byte ? FindBadUtf8(text) : text.size();
    return state.Malformed(state.buffer.get() + at, Describe(code));
  }
  if (*state.Cursor() != '{' && *state.Cursor() != '[') {
    return state.Malformed(state.Cursor(), "the document is not an object or array");
  }
  if (state.document.raw_json().error()) {
    return state.Malformed(state.buffer.get() + text.size(), "a bracket is not closed");
  }
  if (state.Cursor() != state.buffer.get() + text.size()) {
    return state.Malformed(state.Cursor(), "something follows the end of the document");
  }
  state.document.rewind();

  ondemand::value value;
  if (const auto code = state.document.get_value().get(value)) return state.Malformed(code);
  state.busy = true;
  Status status = root(JsonAccess::Make(value, &state, 1));
  state.busy = false;
  if (state.failure) return *state.failure;
  return status;
}

JsonValue::Type JsonValue::type() {
  Held& held = JsonAccess::Get(*this);
  const std::string_view token = JsonAccess::Token(held);
  switch (token.empty() ? '\0' : token[0]) {
    case '{':
      return Type::kObject;
    case '[':
      return Type::kArray;
    case '"':
      return Type::kString;
    case 't':
    case 'f':
      if (token == "true" || token == "false") return Type::kBool;
      break;
    case 'n':
      if (token == "null") return Type::kNull;
      break;
    default:
      if (IsJsonNumber(token)) return Type::kNumber;
  }
  (void)held.parser->Malformed(held.value.raw_json_token().data(), "a value is misspelt");
  return Type::kInvalid;
}

std::optional<std::string_view> JsonValue::String() {
  Held& held = JsonAccess::Get(*this);
  if (held.value.raw_json_token()[0] != '"' || !JsonAccess::IsNext(held)) return {};
  const char* const start = held.value.raw_json_token().data();
  std::string_view text;
  if (const auto code = held.value.get_string().get(text)) {
    (void)held.parser->Malformed(start, Describe(code));
    return {};
  }
  return text;
}

std::optional<std::int64_t> JsonValue::Int() {
  if (type() != Type::kNumber) return {};
  return ParseInt(JsonAccess::Token(JsonAccess::Get(*this)));
}

std::optional<double> JsonValue::Double() {
  if (type() != Type::kNumber) return {};
  const std::string_view token = JsonAccess::Token(JsonAccess::Get(*this));
  double number = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (error != std::errc() || end != token.data() + token.size()) return {};
  return number;
}

std::optional<bool> JsonValue::Bool() {
  if (type() != Type::kBool) return {};
  return JsonAccess::Token(JsonAccess::Get(*this)) == "true";
}

// What ForEachField and ForEachElement check before they go into a value.
Status JsonAccess::Enter(Held& held, char bracket, std::string_view name) {
  if (held.parser->failure) return *held.parser->failure;
  const std::string_view token = held.value.raw_json_token();
  const auto at = [&] { return std::to_string(token.data() - held.parser->buffer.get()); };
  if (token[0] != bracket) {
    return Fail(Code::kInvalid, "the JSON value at byte " + at() + " is not " + std::string(name));
  }
  if (!IsNext(held)) {
    return Fail(Code::kInternal, "the JSON value at byte " + at() + " was read before");
  }
  if (held.depth > kMaxDepth) {
    return held.parser->Malformed(token.data(), "it is nested deeper than 128 levels");
  }
  return {};
}

Status JsonValue::ForEachField(FunctionRef<Status(std::string_view key, JsonValue value)> field) {
  Held& held = JsonAccess::Get(*this);
  State& parser = *held.parser;
  TELLTALE_TRY(JsonAccess::Enter(held, '{', "an object"));
  ondemand::object object;
  if (const auto code = held.value.get_object().get(object)) return parser.Malformed(code);
  for (auto item : object) {
    ondemand::field member;
    if (const auto code = std::move(item).get(member)) return parser.Malformed(code);
    std::string_view key;
    if (const auto code = member.unescaped_key().get(key)) return parser.Malformed(code);
    JsonValue value = JsonAccess::Make(member.value(), &parser, held.depth + 1);
    if (!CanStartJsonValue(*parser.Cursor())) {
      return parser.Malformed(parser.Cursor(), "a member has no value");
    }
    TELLTALE_TRY(field(key, value));
    if (parser.failure) return *parser.failure;
  }
  return {};
}

Status JsonValue::ForEachElement(FunctionRef<Status(JsonValue value)> element) {
  Held& held = JsonAccess::Get(*this);
  State& parser = *held.parser;
  TELLTALE_TRY(JsonAccess::Enter(held, '[', "an array"));
  ondemand::array array;
  if (const auto code = held.value.get_array().get(array)) return parser.Malformed(code);
  for (auto item : array) {
    ondemand::value child;
    if (const auto code = std::move(item).get(child)) return parser.Malformed(code);
    if (!CanStartJsonValue(*parser.Cursor())) {
      return parser.Malformed(parser.Cursor(), "an element is missing");
    }
    TELLTALE_TRY(element(JsonAccess::Make(child, &parser, held.depth + 1)));
    if (parser.failure) return *parser.failure;
  }
  return {};
}

std::optional<std::string_view> JsonValue::Raw() {
  Held& held = JsonAccess::Get(*this);
  const char first = held.value.raw_json_token()[0];
  if (first != '{' && first != '[') {
    if (type() == Type::kInvalid) return {};
    return JsonAccess::Token(held);
  }
  if (!JsonAccess::IsNext(held)) return {};
  std::string_view raw;
  if (first == '{') {
    ondemand::object object;
    if (held.value.get_object().get(object) || object.raw_json().get(raw)) return {};
  } else {
    ondemand::array array;
    if (held.value.get_array().get(array) || array.raw_json().get(raw)) return {};
  }
  return Trim(raw);
}

}  // namespace telltale
