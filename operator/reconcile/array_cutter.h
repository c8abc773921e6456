// SPDX-License-Identifier: Apache-2.0
//
// Cuts one array out of a JSON answer while it arrives, element by element, so that an answer of
// 100 MB costs the memory of one element: the array at data.<name> of Prometheus' HTTP API. It
// knows the outline only; what it gives is checked by the JSON parser that reads it. Used by
// PrometheusPoller, one cutter per answer. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

class ArrayCutter {
 public:
  // An element longer than `max_element` bytes is kTooLarge.
  explicit ArrayCutter(std::string name, std::size_t max_element = 1u << 20)
      : name_(std::move(name)), max_element_(max_element) {}

  // Calls `element` with the text of each object of the array; it is valid during the call. An
  // error is what `element` returned, or that the bytes cannot be such an answer.
  Status Feed(std::string_view piece, FunctionRef<Status(std::string_view)> element);

  // After the last Feed: the answer was read to its end and had the array. One without it is an
  // error and no empty list: that is what Prometheus sends when it cannot answer.
  Status Finish() const;

 private:
  Status Structural(char c, std::string_view piece, std::size_t at,
                    FunctionRef<Status(std::string_view)> element);
  void Open(char c, std::size_t at);
  Status Close(std::string_view piece, std::size_t at,
               FunctionRef<Status(std::string_view)> element);
  std::size_t EndOfString(std::string_view piece, std::size_t at);
  void AfterKey(std::string_view piece, std::size_t end);

  const std::string name_;
  const std::size_t max_element_;
  int depth_ = 0;
  bool begun_ = false, found_ = false;
  bool in_string_ = false, escaped_ = false;
  bool at_key_ = false;       // the next string of this object, at depth 1 or 2, is a key
  bool reading_key_ = false;  // and this is it
  bool in_data_ = false;      // inside the root's object `data`
  bool in_array_ = false;
  bool in_element_ = false;
  std::string key_;        // of the member being read, at depth 1 or 2
  std::string captured_;   // of an element or key, what came in earlier pieces
  std::size_t start_ = 0;  // of it, in this piece
};

}  // namespace telltale
