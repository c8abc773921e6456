// SPDX-License-Identifier: Apache-2.0
//
// match: further stages for the lines that a selector matches, or their end.
#include <utility>

#include "sidecar/pipeline/selector.h"
#include "sidecar/pipeline/stage.h"

namespace telltale {
namespace {

class MatchStage : public Stage {
 public:
  MatchStage(Selector selector, std::vector<std::size_t> labels, std::vector<StagePtr> stages,
             const MatchSpec& spec)
      : selector_(std::move(selector)),
        labels_(std::move(labels)),
        stages_(std::move(stages)),
        drop_(spec.drop),
        reason_(spec.reason) {}

  bool Run(LineState& line) const override {
    const auto label = [&](std::size_t i) -> std::string_view {
      const LabelState& state = line.labels[labels_[i]];
      return state.kind == LabelState::Kind::kRemoved ? std::string_view() : state.value;
    };
    if (!selector_.Matches(label, line.text)) return true;
    if (drop_) {
      line.drop_reason = reason_;
      return false;
    }
    for (const StagePtr& stage : stages_) {
      if (!stage->Run(line)) return false;
    }
    return true;
  }

 private:
  Selector selector_;
  std::vector<std::size_t> labels_;  // of the selector's
  std::vector<StagePtr> stages_;
  bool drop_;
  std::string reason_;
};

}  // namespace

Result<StagePtr> MakeStage(const MatchSpec& spec, StageContext& context) {
  if (spec.selector.empty()) return Fail(Code::kInvalid, "needs a selector such as {app=\"shop\"}");
  auto selector = Selector::Compile(spec.selector);
  if (!selector) return Context("selector", selector.error());
  if (spec.drop != spec.stages.empty()) {
    return Fail(Code::kInvalid, spec.drop ? "takes stages only with the action keep"
                                          : "needs stages, or the action drop");
  }
  std::vector<std::size_t> labels;
  for (const std::string& name : selector->labels()) {
    labels.push_back(static_cast<std::size_t>(context.Label(name)));
  }
  std::vector<StagePtr> stages;
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const StageSpec& nested = spec.stages[i].stage;
    const std::string place = "stages[" + std::to_string(i) + "]." + std::string(StageName(nested));
    if (const auto* limit = std::get_if<LimitSpec>(&nested); limit != nullptr && !limit->drop) {
      return Fail(Code::kInvalid, place +
                                      ": takes only drop: true, because the whole file would be "
                                      "read more slowly otherwise");
    }
    auto stage = MakeAnyStage(nested, context);
    if (!stage) return Context(place, stage.error());
    stages.push_back(std::move(*stage));
  }
  return StagePtr(std::make_unique<MatchStage>(std::move(*selector), std::move(labels),
                                               std::move(stages), spec));
}

}  // namespace telltale
