// SPDX-License-Identifier: Apache-2.0
#include "operator/model/regex_syntax.h"

#include "sidecar/pipeline/regex.h"

namespace telltale {

bool HasByteClass(std::string_view expression) {
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    if (expression[i + 1] == 'C') return true;
    ++i;
  }
  return false;
}

Status CheckRegexSyntax(std::string_view expression) {
  if (expression.empty()) return Fail(Code::kInvalid, "is empty");
  auto compiled = Regex::Compile(expression);
  if (!compiled) return compiled.error();
  if (HasByteClass(expression)) return Fail(Code::kInvalid, "must not use \\C");
  return {};
}

}  // namespace telltale
