// SPDX-License-Identifier: Apache-2.0
//
// Reads small configuration files, YAML 1.2 or JSON (which is YAML), into a plain tree. Called at
// start and on a change of configuration; never for cluster objects or on a hot path. The
// implementation is the fence of yaml-cpp. Limits: 1 MiB, depth 32, 100,000 nodes. A key given
// twice, an anchor, an alias and a merge key are errors.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace telltale {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  Kind kind = Kind::kNull;
  int line = 0;         // 1-based, for messages
  bool quoted = false;  // the scalar was quoted, so it is a string whatever it looks like
  std::string scalar;
  std::vector<YamlNode> items;                           // of a sequence
  std::vector<std::pair<std::string, YamlNode>> fields;  // of a map, in document order

  // Not defaulted here: a pair of an incomplete type would have to be complete (clang).
  YamlNode();
  YamlNode(const YamlNode&);
  YamlNode(YamlNode&&) noexcept;
  YamlNode& operator=(const YamlNode&);
  YamlNode& operator=(YamlNode&&) noexcept;
  ~YamlNode();

  const YamlNode* Find(std::string_view key) const;
};

// An error is "line 3: what is wrong there".
Result<YamlNode> ParseYaml(std::string_view text);
// The same with errors as they stand in a list of problems: "FILE:3: what is wrong there".
Result<YamlNode> ParseYaml(std::string_view text, std::string_view file);

}  // namespace telltale
