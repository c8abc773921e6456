// SPDX-License-Identifier: Apache-2.0
//
// The selector of a match stage, in LogQL: {app="shop", level=~"warn|error"} |= "timeout" !~
// "^GET". Compiled once; Matches is pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "sidecar/pipeline/regex.h"

namespace telltale {

class Selector {
 public:
  // kInvalid with a sentence for text that is no selector.
  static Result<Selector> Compile(std::string_view text);

  // The labels that it looks at, each once. Their indexes are those that Matches asks for.
  const std::vector<std::string>& labels() const { return labels_; }

  // `label` gives the value of labels()[i], "" if the line does not have it.
  bool Matches(FunctionRef<std::string_view(std::size_t i)> label, std::string_view line) const;

 private:
  // One condition: on a label, or on the line.
  struct Condition {
    bool on_line = false, negated = false;
    std::size_t label = 0;
    std::string text;          // equal to the label, or contained in the line
    std::vector<Regex> regex;  // one in place of `text`, or none
  };
  Status Labels(std::string_view& text);
  Status LineFilters(std::string_view& text);
  static Status Operand(std::string_view& text, bool is_regex, bool whole, Condition& out);

  std::vector<std::string> labels_;
  std::vector<Condition> conditions_;
};

}  // namespace telltale
