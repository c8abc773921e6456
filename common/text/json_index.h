// SPDX-License-Identifier: Apache-2.0
//
// The positions of the tokens of a JSON document, and the pairs of brackets. The implementation is
// the fence of simdjson. Only simdjson's first stage is used: it finds the tokens with the
// processor's vector instructions and checks UTF-8 and quotes. One pass over the tokens then checks
// that the brackets balance and that nothing follows the root. After it a value of any size is
// skipped in one step.
//
// The document is read where it lies: it needs no padding and is not copied, and nothing outside of
// it is read. Called by json_reader.cc only. Not thread-safe; memory is kept for the next document.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();

  // `text` must stay as it is while the index is used. An error says at which byte and what is
  // wrong; the index is not to be used then. Documents are smaller than 4 GiB.
  Status Build(std::string_view text);

  // Of the token `i`; the root is 0. A token is a bracket, comma or colon, or the start of a
  // string, number or word.
  std::size_t Offset(std::uint32_t i) const { return offsets_[i]; }
  char At(std::uint32_t i) const { return text_[offsets_[i]]; }
  // The token that closes the bracket `i`.
  std::uint32_t CloseOf(std::uint32_t i) const { return closes_[i]; }
  // The first token after the value that starts at `i`.
  std::uint32_t After(std::uint32_t i) const {
    const char c = At(i);
    return c == '{' || c == '[' ? closes_[i] + 1 : i + 1;
  }
  // The bytes of a string, number or word, up to the blanks before the next token. Not of the last
  // token, which is a bracket.
  std::string_view Scalar(std::uint32_t i) const {
    const char* const start = text_ + offsets_[i];
    const char* end = text_ + offsets_[i + 1];
    while (end > start + 1 && IsBlank(end[-1])) --end;
    return {start, static_cast<std::size_t>(end - start)};
  }

 private:
  struct Tokens;

  static bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  Status FindTokens(std::string_view text);
  Status MatchBrackets(std::string_view text);

  std::unique_ptr<Tokens> tokens_;
  const char* text_ = nullptr;
  const std::uint32_t* offsets_ = nullptr;
  std::uint32_t count_ = 0;
  std::unique_ptr<std::uint32_t[]> closes_;  // by token; only of opening brackets
  std::size_t closes_capacity_ = 0;
};

// "JSON is malformed at byte 7: ..."
Error MalformedJson(std::size_t at, std::string_view what);

}  // namespace telltale
