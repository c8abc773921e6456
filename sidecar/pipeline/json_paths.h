// SPDX-License-Identifier: Apache-2.0
//
// Takes values out of a JSON object in one pass over its text, without a tree and, as long as
// nothing is escaped, without a copy. The whole text is checked: of one that is no JSON object
// nothing is taken. The sidecar links no simdjson, which has no static archive.
// Paths are the part of JMESPath that people use: a, a.b, a[0].b, "a b".c; at most 64 of them.
// Thread-safe once made; fuzzed. Called by the json stage for each line.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "sidecar/pipeline/arena.h"
#include "sidecar/pipeline/values.h"

namespace telltale {

class JsonPaths {
 public:
  static constexpr std::size_t kMaxPaths = 64;
  static constexpr std::size_t kMaxDepth = 256;

  struct Step {
    std::string name;
    int index = -1;  // when not negative: of an array
  };
  using Path = std::vector<Step>;

  static Result<Path> ParsePath(std::string_view expression);

  explicit JsonPaths(std::vector<Path> paths) : paths_(std::move(paths)) {}

  // One value for each path: kNull where there is none. False, and `out` undefined, when the text
  // is not a JSON object or null.
  bool Extract(std::string_view text, Arena& arena, std::span<Value> out) const;

 private:
  std::vector<Path> paths_;
};

}  // namespace telltale
