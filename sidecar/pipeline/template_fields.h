// SPDX-License-Identifier: Apache-2.0
//
// A template whose fields are the values of a line: {{ .name }}, {{ .Entry }} for the whole line,
// and
// {{ .Value }} for the value that the stage works on. Internal to sidecar/pipeline.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/template.h"

namespace telltale {

class TemplateFields {
 public:
  static Result<TemplateFields> Compile(std::string_view text, StageContext& context);

  // Appends the result; `value` is what .Value stands for. False if a field without a value was
  // printed.
  bool Render(const LineState& line, std::optional<std::string_view> value, std::string& out) const;

 private:
  explicit TemplateFields(Template text) : template_(std::move(text)) {}

  Template template_;
  std::vector<std::pair<std::string, int>> slots_;  // of each field
};

}  // namespace telltale
