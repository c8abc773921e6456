// SPDX-License-Identifier: Apache-2.0
//
// The only file of ours that includes simdjson (3.0.1). Its first stage reads whole blocks inside
// the document and copies the rest of it before it looks at that, so it needs no padding; only the
// implementation for processors without vector instructions looks at the bytes behind an unfinished
// character, and a document that ends with a bracket has none.
#include "common/text/json_index.h"

#include <simdjson.h>

#include <algorithm>
#include <limits>
#include <string>

#include "common/text/json_token.h"

namespace telltale {
namespace {

// What is used here is no public interface. Before another version is let in: run
// json_reader_malformed_test, read what stage1() reads behind the text, and measure bench_decode.
static_assert(simdjson::SIMDJSON_VERSION_MAJOR == 3 && simdjson::SIMDJSON_VERSION_MINOR == 0,
              "json_index.cc uses internals of simdjson 3.0; see the comment above");

constexpr std::size_t kGrain = 64u << 10;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

std::string_view Describe(simdjson::error_code code) {
  switch (code) {
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

// '{' and '[' differ in one bit, and so do '}' and ']'; the closing ones are two above.
constexpr char kCurlyBit = 0x20;

}  // namespace

struct JsonIndex::Tokens {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> finder;
  std::size_t capacity = 0;

  // Half as much again, so that a stream of slowly growing documents does not allocate each time.
  bool Reserve(std::size_t wanted) {
    if (finder && wanted <= capacity) return true;
    const std::size_t grown =
        std::max((wanted + kGrain - 1) / kGrain * kGrain, capacity + capacity / 2);
    constexpr std::size_t kDepth = 1;  // the second stage, which needs it, is not used
    auto& implementation = simdjson::get_active_implementation();
    const auto failed =
        finder ? finder->allocate(grown, kDepth)
               : implementation->create_dom_parser_implementation(grown, kDepth, finder);
    if (failed) return false;
    capacity = grown;
    return true;
  }
};

Error MalformedJson(std::size_t at, std::string_view what) {
  return Fail(Code::kInvalid,
              "JSON is malformed at byte " + std::to_string(at) + ": " + std::string(what));
}

JsonIndex::JsonIndex() : tokens_(std::make_unique<Tokens>()) {}
JsonIndex::~JsonIndex() = default;

Status JsonIndex::Build(std::string_view text) {
  text_ = text.data();
  const std::size_t whole = text.size();
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  if (text.empty()) return MalformedJson(whole, Describe(simdjson::EMPTY));
  if (text.back() != '}' && text.back() != ']') {
    return MalformedJson(text.size(), "the document does not end with the bracket that closes it");
  }
  TELLTALE_TRY(FindTokens(text));
  return MatchBrackets(text);
}

Status JsonIndex::FindTokens(std::string_view text) {
  if (!tokens_->Reserve(text.size())) {
    return Fail(Code::kUnavailable, "there is no memory to parse a JSON document");
  }
  auto& finder = *tokens_->finder;
  const auto code = finder.stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                                  simdjson::stage1_mode::regular);
  if (code) {
    // simdjson does not say where, so the first bad byte is looked for.
    const bool bad_byte = code == simdjson::UTF8_ERROR;
    return MalformedJson(bad_byte ? FindBadUtf8(text) : text.size(), Describe(code));
  }
  offsets_ = finder.structural_indexes.get();
  count_ = finder.n_structural_indexes;
  return {};
}

// While a bracket is open, its place in closes_ holds the one around it: no stack is needed, and no
// depth is too deep.
Status JsonIndex::MatchBrackets(std::string_view text) {
  if (closes_capacity_ < count_) {
    closes_capacity_ = std::max<std::size_t>(count_, closes_capacity_ + closes_capacity_ / 2);
    closes_ = std::make_unique_for_overwrite<std::uint32_t[]>(closes_capacity_);
  }
  if ((At(0) | kCurlyBit) != '{') {
    return MalformedJson(Offset(0), "the document is not an object or array");
  }
  const char* const bytes = text.data();
  std::uint32_t* const closes = closes_.get();
  std::uint32_t open = kNone;
  for (std::uint32_t i = 0; i < count_; ++i) {
    const char c = bytes[offsets_[i]];
    if ((c | kCurlyBit) == '{') {
      closes[i] = open;
      open = i;
    } else if ((c | kCurlyBit) == '}') {
      if (c != At(open) + 2)
        return MalformedJson(Offset(i), "a bracket closes one of another kind");
      const std::uint32_t around = closes[open];
      closes[open] = i;
      open = around;
      if (open != kNone) continue;
      if (i + 1 == count_) return {};
      return MalformedJson(Offset(i + 1), "something follows the end of the document");
    }
  }
  return MalformedJson(text.size(), "a bracket is not closed");
}

}  // namespace telltale
