// SPDX-License-Identifier: Apache-2.0
//
// Says what a person has to change when yaml-cpp cannot read a text. yaml-cpp knows where it
// stopped, but its words ("illegal map value") name ten different mistakes; the lines around that
// place tell them apart. Used by yaml_reader. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace telltale {

struct YamlProblem {
  int line = 0;  // 1-based; 0: of the whole text
  std::string what;
};

// `line` and `column` are 1-based and count bytes. The problem may be in an earlier line than the
// one that yaml-cpp names. `message` is kept where nothing better is known.
YamlProblem ExplainYamlError(std::string_view text, int line, int column, std::string_view message);

}  // namespace telltale
