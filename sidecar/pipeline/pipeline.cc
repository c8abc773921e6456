// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/pipeline.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/clean_utf8.h"

namespace telltale {
namespace {

std::string Place(std::size_t index, const StageSpec& stage) {
  return "[" + std::to_string(index) + "]." + std::string(StageName(stage));
}

}  // namespace

Result<std::shared_ptr<const Pipeline>> Pipeline::Compile(const PipelineSpec& spec) {
  auto made = std::make_shared<Pipeline>();
  made->context_.Memory(MultilineJoiner::kMemory);
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const StageSpec& stage = spec.stages[i];
    if (const auto* multiline = std::get_if<MultilineSpec>(&stage)) {
      if (i > 0) {
        return Fail(Code::kInvalid, Place(i, stage) +
                                        ": must be the first stage: lines are joined before "
                                        "anything is taken out of them");
      }
      auto compiled = Multiline::Compile(*multiline);
      if (!compiled) return Context(Place(i, stage), compiled.error());
      made->multiline_.emplace(std::move(*compiled));
      continue;
    }
    if (const auto* limit = std::get_if<LimitSpec>(&stage); limit != nullptr && !limit->drop) {
      made->pace_ = {limit->rate,
                     static_cast<std::uint64_t>(std::max<std::int64_t>(limit->burst, 0))};
    }
    auto compiled = MakeAnyStage(stage, made->context_);
    if (!compiled) return Context(Place(i, stage), compiled.error());
    made->stages_.push_back(std::move(*compiled));
  }
  made->hash_ = std::max<std::uint64_t>(Hash64(CanonicalText(spec)), 1);
  return std::shared_ptr<const Pipeline>(std::move(made));
}

void PipelineRun::Begin(const Pipeline& pipeline, const BaseLabels& base, std::string_view path,
                        std::string_view memory, std::int64_t now) {
  pipeline_ = &pipeline;
  base_ = &base;
  const StageContext& context = pipeline.context_;
  for (std::size_t i = 0; i < kStreams; ++i) {
    base_values_[i].assign(context.slots_.size(), Value{});
    base_states_[i].assign(context.labels_.size(), LabelState{});
    for (const auto& [name, value] : base[i]) {
      const auto slot = std::find(context.slots_.begin(), context.slots_.end(), name);
      if (slot != context.slots_.end()) {
        base_values_[i][static_cast<std::size_t>(slot - context.slots_.begin())] = TextValue(value);
      }
      const auto label = std::find(context.labels_.begin(), context.labels_.end(), name);
      if (label != context.labels_.end()) {
        base_states_[i][static_cast<std::size_t>(label - context.labels_.begin())].value = value;
      }
    }
  }
  values_.resize(context.slots_.size());
  labels_.resize(context.labels_.size());
  metrics_.Clear();
  alerts_.clear();
  failures_ = context.failures_;
  ReadMemory(memory);
  line_.values = values_;
  line_.labels = labels_;
  line_.memory = memory_;
  line_.failures = failures_;
  line_.now = now;
  line_.file_hash = Hash64(path);
}

bool PipelineRun::Line(const LogEntry& entry) {
  const auto stream = static_cast<std::size_t>(entry.stream);
  arena_.Reset();
  metadata_.clear();
  if (!values_.empty()) {
    std::memcpy(values_.data(), base_values_[stream].data(), values_.size() * sizeof(Value));
  }
  if (!labels_.empty()) {
    std::memcpy(labels_.data(), base_states_[stream].data(), labels_.size() * sizeof(LabelState));
  }
  line_.text = entry.text;
  line_.time = line_.read_time = entry.time;
  line_.offset = entry.begin;
  line_.stream = entry.stream;
  line_.base_labels = &(*base_)[stream];
  line_.labels_changed = false;
  for (const StagePtr& stage : pipeline_->stages_) {
    if (!stage->Run(line_)) return false;
  }
  // A text that a stage made may be longer than a line, hold a NUL that was escaped in JSON, or
  // half a character that an expression with \C has cut.
  if (line_.text.data() != entry.text.data() &&
      (line_.text.size() > kMaxLine || !IsCleanUtf8(line_.text))) {
    std::string clean;
    AppendCleanUtf8(line_.text, kMaxLine, clean);
    line_.text = arena_.Copy(clean);
  }
  return true;
}

// The pipeline's hash, then the words. A pipeline ignores the memory of another one.
std::string PipelineRun::Memory(std::span<const std::int64_t> words) const {
  const bool any = std::any_of(words.begin(), words.end(), [](auto word) { return word != 0; });
  if (!any) return {};
  std::string out(8 * (words.size() + 1), '\0');
  const std::uint64_t hash = pipeline_->hash();
  std::memcpy(out.data(), &hash, 8);
  std::memcpy(out.data() + 8, words.data(), 8 * words.size());
  return out;
}

void PipelineRun::ReadMemory(std::string_view text) {
  const std::size_t words = pipeline_->context_.memory_;
  memory_.assign(words, 0);
  std::uint64_t hash = 0;
  if (text.size() != 8 * (words + 1)) return;
  std::memcpy(&hash, text.data(), 8);
  if (hash == pipeline_->hash()) std::memcpy(memory_.data(), text.data() + 8, 8 * words);
}

}  // namespace telltale
