// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/template_fields.h"

namespace telltale {

Result<TemplateFields> TemplateFields::Compile(std::string_view text, StageContext& context) {
  auto compiled = Template::Compile(text);
  if (!compiled) return compiled.error();
  TemplateFields out(std::move(*compiled));
  for (const std::string& name : out.template_.Names()) {
    if (name == "Value") continue;
    out.slots_.emplace_back(name, name == "Entry" ? StageContext::kLine : context.Slot(name));
  }
  return out;
}

bool TemplateFields::Render(const LineState& line, std::optional<std::string_view> value,
                            std::string& out) const {
  return template_.Render(
      [&](std::string_view name, std::string_view& text) {
        if (name == "Value") {
          text = value.value_or("");
          return value.has_value();
        }
        for (const auto& [known, slot] : slots_) {
          if (known == name) return StageInput(line, slot, text);
        }
        return false;
      },
      out);
}

}  // namespace telltale
