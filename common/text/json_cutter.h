// SPDX-License-Identifier: Apache-2.0
//
// Cuts one array out of a JSON object while that arrives, element by element, so that an answer of
// 100 MB costs the memory of one element: `items` of a Kubernetes list, `data.activeTargets` of
// Prometheus' HTTP API. It knows the outline only; what it gives is checked by the JSON parser that
// reads it. Used by ListCollection and PrometheusAnswer, one cutter per answer. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

class JsonCutter {
 public:
  struct Options {
    std::vector<std::string> array;       // its path from the root: {"data", "result"}
    std::string kept = {};                // an object of the root that is wanted too, or nothing
    std::size_t max_element = 16u << 20;  // bytes of an element, of a key or of what is kept
  };
  explicit JsonCutter(Options options) : options_(std::move(options)) {}

  // Calls `element` with the text of each object of the array, which is valid during the call:
  // where it lies whole in the piece, without a copy. An error is what `element` returned, or
  // kInvalid when the bytes cannot be such an object, or kTooLarge.
  Status Feed(std::string_view piece, FunctionRef<Status(std::string_view)> element);

  // The object was read to its end; without it, the answer was cut.
  bool complete() const { return begun_ && depth_ == 0; }
  // It had the array.
  bool found() const { return found_; }
  // The text of the object that is kept, empty when there was none; in whichever order the two
  // come.
  const std::string& kept() const { return kept_; }

 private:
  enum class Capture { kNone, kKey, kElement, kKept };

  Status Structural(char c, std::string_view piece, std::size_t at,
                    FunctionRef<Status(std::string_view)> element);
  void Open(char c, std::size_t at);
  Status Close(std::string_view piece, std::size_t at,
               FunctionRef<Status(std::string_view)> element);
  void Begin(Capture what, std::size_t at);
  std::string_view Take(std::string_view piece, std::size_t end);
  void EndOfString(std::string_view piece, std::size_t at);
  std::size_t SkipString(std::string_view piece, std::size_t at);
  // Directly in the root or in an object on the way to the array.
  bool OnTheWay() const { return depth_ == entered_ + 1 && !InArray(); }
  bool InArray() const { return entered_ == options_.array.size(); }

  const Options options_;
  std::size_t depth_ = 0;    // open brackets
  std::size_t entered_ = 0;  // the first so many names of the path are open
  bool begun_ = false, found_ = false;
  bool in_string_ = false, escaped_ = false;
  bool at_key_ = false;  // on the way, before the ':'
  std::string key_;      // of the member that is being read on the way
  Capture capture_ = Capture::kNone;
  std::size_t capture_depth_ = 0;  // outside of what is captured
  std::size_t capture_start_ = 0;  // in the current piece
  std::string captured_;           // what came in earlier pieces
  std::string kept_;
};

}  // namespace telltale
