// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/template.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/pipeline/template_parser.h"

namespace telltale {
namespace {

constexpr std::string_view kNoValue = "<no value>";  // as Go prints it

TemplateValue Evaluate(const TemplateOperand& operand, Template::Fields fields) {
  switch (operand.kind) {
    case TemplateOperand::Kind::kConstant:
      return operand.constant;
    case TemplateOperand::Kind::kField: {
      std::string_view value;
      if (!fields(operand.field, value)) return {"", TemplateValue::Kind::kMissing};
      return {std::string(value), TemplateValue::Kind::kText};
    }
    case TemplateOperand::Kind::kCall:
      break;
  }
  std::vector<TemplateValue> arguments;
  for (const TemplateOperand& argument : operand.arguments) {
    TemplateValue& value = arguments.emplace_back(Evaluate(argument, fields));
    if (value.kind == TemplateValue::Kind::kMissing && !operand.function->takes_missing) {
      value.text = kNoValue;
    }
  }
  return operand.function->call(arguments, operand.regex.get());
}

bool RenderNodes(const std::vector<TemplateNode>& nodes, Template::Fields fields,
                 std::string& out) {
  bool complete = true;
  for (const TemplateNode& node : nodes) {
    out += node.text;
    if (node.prints) {
      const TemplateValue value = Evaluate(node.print, fields);
      const bool missing = value.kind == TemplateValue::Kind::kMissing;
      out += missing ? kNoValue : std::string_view(value.text);
      complete = complete && !missing;
    }
    for (const TemplateNode::Branch& branch : node.branches) {
      if (!branch.always && !Evaluate(branch.condition, fields).truth()) continue;
      complete = RenderNodes(branch.nodes, fields, out) && complete;
      break;
    }
  }
  return complete;
}

}  // namespace

Result<Template> Template::Compile(std::string_view text) {
  Template out;
  TemplateParser parser(text);
  TELLTALE_TRY(parser.Parse(out.nodes_));
  out.names_ = parser.names();
  return out;
}

bool Template::Render(Fields fields, std::string& out) const {
  return RenderNodes(nodes_, fields, out);
}

}  // namespace telltale
