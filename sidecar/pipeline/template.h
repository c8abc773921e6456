// SPDX-License-Identifier: Apache-2.0
//
// The part of Go's text/template that people write in the stages `template` and `replace`: text,
// fields ({{ .Value }}, {{ .level }}), function calls and pipes ({{ .Value | ToUpper }}), `if`,
// `else if` and `else`, and trim markers ({{- -}}). Names of functions are Promtail's. Compiled
// once; Render is thread-safe and pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "sidecar/pipeline/template_functions.h"

namespace telltale {

// What a field, a constant or a call stands for.
struct TemplateOperand {
  enum class Kind : std::uint8_t { kConstant, kField, kCall };
  Kind kind = Kind::kConstant;
  TemplateValue constant;
  std::string field;
  const TemplateFunction* function = nullptr;
  std::shared_ptr<const Regex> regex;  // of a function that takes an expression
  std::vector<TemplateOperand> arguments;
};

// Text, an operand to print, or a choice.
struct TemplateNode {
  struct Branch;
  std::string text;
  TemplateOperand print;
  bool prints = false;
  std::vector<Branch> branches;  // of an `if`; the first whose condition holds is rendered
};

struct TemplateNode::Branch {
  TemplateOperand condition;
  bool always = false;  // `else`
  std::vector<TemplateNode> nodes;
};

class Template {
 public:
  // Gives the value of a field; false if there is none.
  using Fields = FunctionRef<bool(std::string_view name, std::string_view& value)>;

  // kInvalid with a sentence for a template that is wrong or uses what is not supported.
  static Result<Template> Compile(std::string_view text);

  // Appends the result. Returns false if it printed a field without a value, as "<no value>".
  bool Render(Fields fields, std::string& out) const;

  // The fields that it uses, each once; `Value` and `Entry` among them.
  const std::vector<std::string>& Names() const { return names_; }

 private:
  std::vector<TemplateNode> nodes_;
  std::vector<std::string> names_;
};

}  // namespace telltale
