// SPDX-License-Identifier: Apache-2.0
//
// Cuts the answer to a LIST into its objects while it arrives, so that a list of 50,000 pods costs
// the memory of one pod. It knows the outline only: the members of `items` are given one by one,
// `metadata` is kept, in whichever order the two come (typed lists put metadata first, lists of
// custom resources last). What is given is checked by the JSON parser that reads it. Used by
// Reflector, one splitter per answer. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

class ListSplitter {
 public:
  // An item longer than `max_item` bytes is kTooLarge.
  explicit ListSplitter(std::size_t max_item) : max_item_(max_item) {}

  // Calls `item` with the text of each object of `items`; the text is valid during the call.
  // kInvalid when the bytes cannot be a list.
  Status Feed(std::string_view piece, FunctionRef<void(std::string_view)> item);

  // The document was read to its end; without it, the answer was cut.
  bool complete() const { return seen_root_ && depth_ == 0; }
  // The JSON of `metadata`, empty when there was none.
  const std::string& metadata() const { return metadata_; }

 private:
  enum class Capture { kNone, kItem, kMetadata, kKey };

  Status Structural(char c, std::string_view piece, std::size_t at,
                    FunctionRef<void(std::string_view)> item);
  void Open(char c, std::size_t at);
  Status Close(std::string_view piece, std::size_t at, FunctionRef<void(std::string_view)> item);
  std::string_view Take(std::string_view piece, std::size_t end);

  std::size_t max_item_;
  int depth_ = 0;
  bool seen_root_ = false, in_string_ = false, escaped_ = false;
  bool at_key_ = false;    // in the root object, before the ':'
  bool in_items_ = false;  // inside the array `items`
  std::string key_;        // of the root's member being read
  Capture capture_ = Capture::kNone;
  int capture_depth_ = 0;          // the depth outside what is captured
  std::size_t capture_start_ = 0;  // in the current piece
  std::string captured_;           // what came in earlier pieces
  std::string metadata_;
};

}  // namespace telltale
