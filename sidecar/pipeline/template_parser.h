// SPDX-License-Identifier: Apache-2.0
//
// Parses a template into nodes. One use each; internal to Template.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "sidecar/pipeline/template.h"

namespace telltale {

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : rest_(text) {}

  Status Parse(std::vector<TemplateNode>& out);
  const std::vector<std::string>& names() const { return names_; }

 private:
  // Reads nodes up to the end or to an action `else` or `end`, whose text goes to `stop`.
  Status Nodes(std::vector<TemplateNode>& out, int depth, std::optional<std::string_view>& stop);
  Status If(std::string_view condition, TemplateNode& node, int depth);
  // Takes text up to the next action and the action itself. False if there is no further action.
  Result<bool> NextAction(std::string& text, std::string_view& action);
  Status Expression(std::string_view text, TemplateOperand& out);
  Status Pipeline(std::string_view& text, int depth, TemplateOperand& out);
  Status Command(std::string_view& text, int depth, TemplateOperand& out);
  Result<bool> Operand(std::string_view& text, int depth, TemplateOperand& out);
  Status CheckCall(TemplateOperand& call) const;

  std::string_view rest_;
  bool trim_next_ = false;  // the action before ended with -}}
  std::vector<std::string> names_;
};

}  // namespace telltale
