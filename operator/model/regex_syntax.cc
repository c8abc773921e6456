// SPDX-License-Identifier: Apache-2.0
#include "operator/model/regex_syntax.h"

#include <re2/re2.h>

#include <string>

namespace telltale {
namespace {

// RE2 knows \C (any byte), Go does not.
bool HasByteClass(std::string_view expression) {
  for (std::size_t i = 0; i + 1 < expression.size(); ++i) {
    if (expression[i] != '\\') continue;
    if (expression[i + 1] == 'C') return true;
    ++i;
  }
  return false;
}

}  // namespace

Status CheckRegexSyntax(std::string_view expression) {
  if (expression.empty()) return Fail(Code::kInvalid, "is empty");
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(1 << 20);
  const RE2 compiled(re2::StringPiece(expression.data(), expression.size()), options);
  if (!compiled.ok()) {
    return Fail(Code::kInvalid, "is no RE2 regular expression (" + compiled.error() + ")");
  }
  if (HasByteClass(expression)) return Fail(Code::kInvalid, "must not use \\C");
  return {};
}

}  // namespace telltale
