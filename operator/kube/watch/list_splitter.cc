// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/list_splitter.h"

namespace telltale {
namespace {

constexpr bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

Error NotAList() { return Fail(Code::kInvalid, "the answer is not a JSON list"); }

}  // namespace

Status ListSplitter::Feed(std::string_view piece, FunctionRef<void(std::string_view)> item) {
  capture_start_ = 0;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    const char c = piece[i];
    if (!in_string_) {
      if (!IsSpace(c)) TELLTALE_TRY(Structural(c, piece, i, item));
    } else if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      if (capture_ == Capture::kKey) {
        key_ = Take(piece, i);
        captured_.clear();
      }
    }
  }
  if (capture_ == Capture::kNone) return {};
  captured_.append(piece.substr(capture_start_));
  if (captured_.size() <= max_item_) return {};
  return Fail(Code::kTooLarge,
              "an object of the list is longer than " + std::to_string(max_item_) + " bytes");
}

// What was captured up to `end`, without a copy when it lies whole in this piece.
std::string_view ListSplitter::Take(std::string_view piece, std::size_t end) {
  capture_ = Capture::kNone;
  const std::string_view here = piece.substr(capture_start_, end - capture_start_);
  if (captured_.empty()) return here;
  captured_.append(here);
  return captured_;
}

Status ListSplitter::Structural(char c, std::string_view piece, std::size_t at,
                                FunctionRef<void(std::string_view)> item) {
  if (depth_ == 0 && (seen_root_ || c != '{')) return NotAList();
  switch (c) {
    case '"':
      in_string_ = true;
      if (depth_ == 1 && at_key_) {
        capture_ = Capture::kKey;
        capture_start_ = at + 1;
      }
      break;
    case '{':
    case '[':
      Open(c, at);
      break;
    case '}':
    case ']':
      return Close(piece, at, item);
    case ':':
      if (depth_ == 1) at_key_ = false;
      break;
    case ',':
      if (depth_ == 1) at_key_ = true;
      break;
    default:
      break;
  }
  return {};
}

void ListSplitter::Open(char c, std::size_t at) {
  if (depth_ == 0) seen_root_ = at_key_ = true;
  if (depth_ == 1 && key_ == "items" && c == '[') in_items_ = true;
  if (capture_ == Capture::kNone && c == '{') {
    if (depth_ == 2 && in_items_) capture_ = Capture::kItem;
    if (depth_ == 1 && key_ == "metadata") capture_ = Capture::kMetadata;
    if (capture_ != Capture::kNone) {
      capture_start_ = at;
      capture_depth_ = depth_;
    }
  }
  ++depth_;
}

Status ListSplitter::Close(std::string_view piece, std::size_t at,
                           FunctionRef<void(std::string_view)> item) {
  --depth_;
  if (depth_ == 1) in_items_ = false;
  if (capture_ == Capture::kNone || depth_ != capture_depth_) return {};
  const bool is_item = capture_ == Capture::kItem;
  const std::string_view text = Take(piece, at + 1);
  if (is_item) {
    item(text);
  } else {
    metadata_ = text;
  }
  captured_.clear();
  return {};
}

}  // namespace telltale
