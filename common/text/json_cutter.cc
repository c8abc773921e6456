// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_cutter.h"

#include <array>

namespace telltale {
namespace {

// What ends a run of bytes that say nothing about the outline: outside of strings, and in them.
constexpr std::array<bool, 256> Bytes(std::string_view these) {
  std::array<bool, 256> table{};
  for (const char c : these) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kOutline = Bytes("{}[]\":,");
constexpr auto kEndsRun = Bytes("\"\\");

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool Is(const std::array<bool, 256>& table, char c) { return table[static_cast<unsigned char>(c)]; }

}  // namespace

Status JsonCutter::Feed(std::string_view piece, FunctionRef<Status(std::string_view)> element) {
  capture_start_ = 0;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    if (in_string_) {
      i = SkipString(piece, i);
    } else if (Is(kOutline, piece[i]) || (depth_ == 0 && !IsSpace(piece[i]))) {
      TELLTALE_TRY(Structural(piece[i], piece, i, element));
    }
  }
  if (capture_ == Capture::kNone) return {};
  captured_.append(piece.substr(capture_start_));
  if (captured_.size() <= options_.max_element) return {};
  return Fail(Code::kTooLarge, "an object of " + options_.array.back() + " is longer than " +
                                   std::to_string(options_.max_element) + " bytes");
}

// Where the string ends, or the last byte of the piece. Most of an answer is inside of strings.
std::size_t JsonCutter::SkipString(std::string_view piece, std::size_t at) {
  for (; at < piece.size(); ++at) {
    if (escaped_) {
      escaped_ = false;
      continue;
    }
    while (at < piece.size() && !Is(kEndsRun, piece[at])) ++at;
    if (at == piece.size()) break;
    if (piece[at] == '"') {
      EndOfString(piece, at);
      return at;
    }
    escaped_ = true;
  }
  return piece.size();
}

void JsonCutter::EndOfString(std::string_view piece, std::size_t at) {
  in_string_ = false;
  if (capture_ != Capture::kKey) return;
  key_ = Take(piece, at);
  captured_.clear();
}

void JsonCutter::Begin(Capture what, std::size_t at) {
  capture_ = what;
  capture_start_ = at;
  capture_depth_ = depth_;
}

// What was captured up to `end`, without a copy when it lies whole in this piece.
std::string_view JsonCutter::Take(std::string_view piece, std::size_t end) {
  capture_ = Capture::kNone;
  const std::string_view here = piece.substr(capture_start_, end - capture_start_);
  if (captured_.empty()) return here;
  captured_.append(here);
  return captured_;
}

Status JsonCutter::Structural(char c, std::string_view piece, std::size_t at,
                              FunctionRef<Status(std::string_view)> element) {
  if (depth_ == 0 && (begun_ || c != '{')) {
    return Fail(Code::kInvalid, "the answer is not a JSON object");
  }
  switch (c) {
    case '"':
      in_string_ = true;
      if (at_key_ && OnTheWay()) Begin(Capture::kKey, at + 1);
      break;
    case '{':
    case '[':
      Open(c, at);
      break;
    case '}':
    case ']':
      return Close(piece, at, element);
    case ':':
      if (OnTheWay()) at_key_ = false;
      break;
    case ',':
      if (OnTheWay()) at_key_ = true;
      break;
    default:
      break;
  }
  return {};
}

void JsonCutter::Open(char c, std::size_t at) {
  const bool object = c == '{';
  if (depth_ == 0) begun_ = at_key_ = true;
  if (capture_ == Capture::kNone && object) {
    if (InArray() && depth_ == entered_ + 1) Begin(Capture::kElement, at);
    if (depth_ == 1 && !options_.kept.empty() && key_ == options_.kept) Begin(Capture::kKept, at);
  }
  const bool last = entered_ + 1 == options_.array.size();
  if (depth_ > 0 && OnTheWay() && key_ == options_.array[entered_] && object != last) {
    ++entered_;
    found_ = found_ || last;
    at_key_ = object;
  }
  ++depth_;
}

Status JsonCutter::Close(std::string_view piece, std::size_t at,
                         FunctionRef<Status(std::string_view)> element) {
  --depth_;
  if (entered_ > 0 && depth_ == entered_) --entered_;
  if (capture_ == Capture::kNone || depth_ != capture_depth_) return {};
  const bool is_element = capture_ == Capture::kElement;
  const std::string_view text = Take(piece, at + 1);
  Status status;
  if (is_element) {
    status = element(text);
  } else {
    kept_ = text;
  }
  captured_.clear();
  return status;
}

}  // namespace telltale
