// SPDX-License-Identifier: Apache-2.0
//
// The part of Go's text/template that people write in `replace`: text, {{ .Value }}, {{ .name }},
// and functions of one argument before or behind it: {{ .Value | ToUpper }}, {{ ToLower .name }}.
// Compiled once; Render is thread-safe. Called by the replace stage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

class Template {
 public:
  static Result<Template> Compile(std::string_view text);

  // Appends the result; `value` gives what a name stands for, false when there is no such value.
  void Render(FunctionRef<bool(std::string_view name, std::string_view& value)> value,
              std::string& out) const;

  // The names that it uses, Value among them.
  std::vector<std::string> Names() const;

 private:
  enum class Function : std::uint8_t { kToLower, kToUpper, kTrimSpace };
  struct Part {
    std::string text;  // literal, or a name
    bool is_name = false;
    std::vector<Function> functions;
  };
  static Status CompileAction(std::string_view action, Part& part);

  std::vector<Part> parts_;
};

}  // namespace telltale
