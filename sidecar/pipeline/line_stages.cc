// SPDX-License-Identifier: Apache-2.0
//
// output, template and decolorize: stages that change the text of a line or of a value.
#include <utility>

#include "sidecar/pipeline/ansi.h"
#include "sidecar/pipeline/stage.h"
#include "sidecar/pipeline/template.h"
#include "sidecar/pipeline/template_fields.h"

namespace telltale {
namespace {

class OutputStage : public Stage {
 public:
  OutputStage(int slot, std::size_t failure) : slot_(slot), failure_(failure) {}

  bool Run(LineState& line) const override {
    std::string_view text;
    if (StageInput(line, slot_, text)) {
      line.text = text;
    } else {
      line.Failed(failure_, line.text);
    }
    return true;
  }

 private:
  int slot_;
  std::size_t failure_;
};

// Sets a value; an empty result removes it, as in Promtail.
class TemplateStage : public Stage {
 public:
  TemplateStage(TemplateFields fields, std::size_t slot, std::size_t failure)
      : fields_(std::move(fields)), slot_(slot), failure_(failure) {}

  bool Run(LineState& line) const override {
    std::string out;
    Value& value = line.values[slot_];
    const bool complete = value.has_text() ? fields_.Render(line, value.text, out)
                                           : fields_.Render(line, std::nullopt, out);
    if (!complete) line.Failed(failure_, line.text);
    value = out.empty() ? Value{} : TextValue(line.arena.Copy(out));
    return true;
  }

 private:
  TemplateFields fields_;
  std::size_t slot_;
  std::size_t failure_;
};

class DecolorizeStage : public Stage {
 public:
  bool Run(LineState& line) const override {
    if (!HasAnsi(line.text)) return true;
    std::string out;
    AppendWithoutAnsi(line.text, out);
    line.text = line.arena.Copy(out);
    return true;
  }
};

}  // namespace

Result<StagePtr> MakeStage(const OutputSpec& spec, StageContext& context) {
  if (spec.source.empty()) return Fail(Code::kInvalid, "needs a source: the name of a value");
  return StagePtr(std::make_unique<OutputStage>(context.Slot(spec.source),
                                                context.Failure("output", "no_value")));
}

Result<StagePtr> MakeStage(const TemplateSpec& spec, StageContext& context) {
  if (spec.source.empty()) {
    return Fail(Code::kInvalid, "needs a source: the name of the value that it sets");
  }
  if (spec.text.empty())
    return Fail(Code::kInvalid, "needs a template such as {{ ToLower .Value }}");
  auto fields = TemplateFields::Compile(spec.text, context);
  if (!fields) return Context("template", fields.error());
  return StagePtr(std::make_unique<TemplateStage>(
      std::move(*fields), static_cast<std::size_t>(context.Slot(spec.source)),
      context.Failure("template", "no_value")));
}

Result<StagePtr> MakeStage(const DecolorizeSpec&, StageContext&) {
  return StagePtr(std::make_unique<DecolorizeStage>());
}

}  // namespace telltale
