// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/array_cutter.h"

namespace telltale {
namespace {

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

Error NotAnAnswer() { return Fail(Code::kInvalid, "the answer is not a JSON object"); }

}  // namespace

Status ArrayCutter::Feed(std::string_view piece, FunctionRef<Status(std::string_view)> element) {
  start_ = 0;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (in_string_) {
      i = EndOfString(piece, i);
      if (in_string_) break;
      if (reading_key_) AfterKey(piece, i);
    } else if (!IsSpace(piece[i])) {
      TELLTALE_TRY(Structural(piece[i], piece, i, element));
    }
  }
  if (!in_element_ && !reading_key_) return {};
  captured_.append(piece.substr(start_));
  if (captured_.size() <= max_element_) return {};
  return Fail(Code::kTooLarge, "an element of data." + name_ + " is longer than " +
                                   std::to_string(max_element_) + " bytes");
}

// Where the string that is being read ends, or the piece's size with in_string_ left set. Most of
// an answer is inside of strings, so this loop is the hot one.
std::size_t ArrayCutter::EndOfString(std::string_view piece, std::size_t at) {
  while (at < piece.size()) {
    if (escaped_) {
      escaped_ = false;
      ++at;
      continue;
    }
    while (at < piece.size() && piece[at] != '"' && piece[at] != '\\') ++at;
    if (at == piece.size()) return at;
    if (piece[at] == '"') {
      in_string_ = false;
      return at;
    }
    escaped_ = true;
    ++at;
  }
  return piece.size();
}

void ArrayCutter::AfterKey(std::string_view piece, std::size_t end) {
  captured_.append(piece.substr(start_, end - start_));
  key_.swap(captured_);
  captured_.clear();
  reading_key_ = false;
}

Status ArrayCutter::Structural(char c, std::string_view piece, std::size_t at,
                               FunctionRef<Status(std::string_view)> element) {
  if (depth_ == 0 && (begun_ || c != '{')) return NotAnAnswer();
  switch (c) {
    case '"':
      in_string_ = true;
      if (at_key_ && (depth_ == 1 || (depth_ == 2 && in_data_))) {
        reading_key_ = true;
        start_ = at + 1;
      }
      break;
    case '{':
    case '[':
      Open(c, at);
      break;
    case '}':
    case ']':
      return Close(piece, at, element);
    case ':':
      at_key_ = false;
      break;
    case ',':
      // In an array at this depth a string is taken for a key, which does no harm.
      at_key_ = depth_ == 1 || (depth_ == 2 && in_data_);
      break;
    default:
      break;
  }
  return {};
}

void ArrayCutter::Open(char c, std::size_t at) {
  const bool object = c == '{';
  if (depth_ == 0) begun_ = true;
  if (depth_ == 1 && key_ == "data") in_data_ = object;
  if (depth_ == 2 && in_data_ && !object && key_ == name_) in_array_ = found_ = true;
  if (depth_ == 3 && in_array_ && object && !in_element_) {
    in_element_ = true;
    start_ = at;
  }
  ++depth_;
  at_key_ = object && (depth_ == 1 || (depth_ == 2 && in_data_));
}

Status ArrayCutter::Close(std::string_view piece, std::size_t at,
                          FunctionRef<Status(std::string_view)> element) {
  --depth_;
  if (depth_ == 1) in_data_ = false;
  if (depth_ == 2) in_array_ = false;
  if (!in_element_ || depth_ != 3) return {};
  in_element_ = false;
  const std::string_view here = piece.substr(start_, at + 1 - start_);
  if (captured_.empty()) return element(here);
  captured_.append(here);
  const Status status = element(captured_);
  captured_.clear();
  return status;
}

Status ArrayCutter::Finish() const {
  if (!begun_ || depth_ != 0) return Fail(Code::kUnavailable, "the answer was cut");
  if (!found_) return Fail(Code::kInvalid, "the answer has no data." + name_);
  return {};
}

}  // namespace telltale
