// SPDX-License-Identifier: Apache-2.0
//
// JSON as a tree, and `add` of RFC 6902 on it: what the API server does with the webhook's patch.
// For tests; aborts the test with an exception when a patch does not apply.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace telltale {

struct JsonTree {
  std::string scalar;  // as it stands in the document; empty for an object or array
  bool is_array = false;
  std::vector<std::pair<std::string, JsonTree>> items;  // array items have no key

  const JsonTree& At(const std::string& key) const;  // throws
  const JsonTree* Find(const std::string& key) const;
  std::string Text() const;  // JSON again
};

JsonTree ParseTree(const std::string& json);

// The document after the patch, a JSON array of operations that are all "add".
JsonTree ApplyPatch(JsonTree document, const std::string& patch);

}  // namespace telltale
