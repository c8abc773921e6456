// SPDX-License-Identifier: Apache-2.0
//
// The functions of templates: Promtail's own, the comparisons of Go's text/template, and those of
// sprig that people use on text. Pure, thread-safe. Used by Template only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sidecar/pipeline/regex.h"

namespace telltale {

struct TemplateValue {
  enum class Kind : std::uint8_t { kText, kBool, kMissing };
  std::string text;  // of a bool, "true" or "false"
  Kind kind = Kind::kText;

  // As `if` sees it: a text that is not empty, or true.
  bool truth() const { return kind == Kind::kBool ? text == "true" : !text.empty(); }
};

// Arguments are in the order of the call; a piped value is the last one.
using TemplateArguments = std::span<const TemplateValue>;

struct TemplateFunction {
  std::string_view name;
  std::size_t least, most;  // arguments
  TemplateValue (*call)(TemplateArguments arguments, const Regex* regex);
  bool takes_regex = false;    // the first argument is an expression, compiled with the template
  bool takes_missing = false;  // else a field without a value is passed as "<no value>"
};

// Null if there is no such function.
const TemplateFunction* FindTemplateFunction(std::string_view name);

// "default, eq, ..." for messages.
std::string TemplateFunctionNames();

}  // namespace telltale
