// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/multiline.h"

#include <algorithm>
#include <utility>

#include "common/base/clean_utf8.h"

namespace telltale {

Multiline::Multiline(Regex firstline, const MultilineSpec& spec)
    : firstline_(std::move(firstline)),
      max_wait_(spec.max_wait_ms * 1'000'000),
      max_lines_(static_cast<std::uint64_t>(spec.max_lines)) {}

Result<Multiline> Multiline::Compile(const MultilineSpec& spec) {
  if (spec.firstline.empty()) {
    return Fail(Code::kInvalid,
                "needs firstline, an expression that matches the first line of "
                "each block");
  }
  auto regex = Regex::Compile(spec.firstline);
  if (!regex) return Context("firstline", regex.error());
  if (spec.max_wait_ms < 1 || spec.max_wait_ms > 3'600'000) {
    return Fail(Code::kInvalid, "maxWait must be above 0s and at most 1h");
  }
  if (spec.max_lines < 1 || spec.max_lines > 10'000) {
    return Fail(Code::kInvalid, "maxLines must be from 1 to 10000");
  }
  return Multiline(std::move(*regex), spec);
}

void MultilineJoiner::Begin(const Multiline* multiline, std::span<std::int64_t> memory) {
  multiline_ = multiline;
  memory_ = memory;
  for (Block& block : blocks_) block.lines = 0;
  open_ = 0;
}

void MultilineJoiner::Add(const LogEntry& entry, FunctionRef<void()> boundary, Sink sink) {
  const auto stream = static_cast<std::size_t>(entry.stream);
  const bool first = multiline_->firstline().Matches(entry.text);
  for (std::size_t i = 0; i < kMemory; ++i) {
    Block& block = blocks_[i];
    if (block.lines == 0) continue;
    const bool over = entry.time - block.last_time >= multiline_->max_wait();
    if (over || (first && i == stream)) End(i, sink);
  }
  if (open_ == 0) boundary();
  std::int64_t& before = memory_[stream];
  if (!first && before == 0) {  // outside of any block, as nothing has begun one yet
    sink(entry);
    return;
  }
  Block& block = blocks_[stream];
  if (block.lines == 0) {
    ++open_;
    block.entry = entry;
    block.entry.time = first ? entry.time : before + 1;
    block.text = entry.text;
  } else {
    const std::size_t room = kMaxLine - std::min(kMaxLine, block.text.size() + 1);
    const std::size_t keep = block.entry.truncated ? 0 : Utf8Cut(entry.text, room);
    block.text.append(keep == 0 && !entry.text.empty() ? "" : "\n").append(entry.text, 0, keep);
    block.entry.bytes += entry.bytes;
    block.entry.cut_bytes += entry.cut_bytes + (entry.text.size() - keep);
    block.entry.truncated = block.entry.truncated || entry.truncated || keep < entry.text.size();
  }
  before = block.entry.time;
  block.last_time = entry.time;
  if (++block.lines == multiline_->max_lines()) End(stream, sink);
}

void MultilineJoiner::End(std::size_t stream, Sink sink) {
  Block& block = blocks_[stream];
  block.lines = 0;
  --open_;
  block.entry.text = block.text;
  sink(block.entry);
}

void MultilineJoiner::Finish(Sink sink) {
  for (std::size_t i = 0; i < kMemory; ++i) {
    if (blocks_[i].lines > 0) End(i, sink);
  }
}

void MultilineJoiner::Release() {
  for (Block& block : blocks_) block.text = std::string();
}

}  // namespace telltale
