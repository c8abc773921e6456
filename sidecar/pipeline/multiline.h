// SPDX-License-Identifier: Apache-2.0
//
// Joins lines that belong together, such as a stack trace: a block goes from a line that matches
// `firstline` up to the next such line of the same stream. It ends as well at max_lines, and when a
// line of the file comes max_wait or more behind its last one, by the times of the lines; so blocks
// are a function of bytes and times, and a batch that is read again has the same ones. What follows
// an ended block without a first line goes on under the time of the block before, as in Promtail,
// but a nanosecond later each time, so that Loki does not take equal ones for one.
// Between EntryDecoder and the stages, called by BatchBuilder; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "common/base/function_ref.h"
#include "common/base/result.h"
#include "sidecar/pipeline/pipeline_spec.h"
#include "sidecar/pipeline/regex.h"
#include "sidecar/tail/entry_decoder.h"

namespace telltale {

class Multiline {
 public:
  static Result<Multiline> Compile(const MultilineSpec& spec);

  const Regex& firstline() const { return firstline_; }
  std::int64_t max_wait() const { return max_wait_; }  // nanoseconds
  std::uint64_t max_lines() const { return max_lines_; }

 private:
  Multiline(Regex firstline, const MultilineSpec& spec);
  Regex firstline_;
  std::int64_t max_wait_;
  std::uint64_t max_lines_;
};

class MultilineJoiner {
 public:
  static constexpr std::size_t kMemory = 3;  // of LogStream: the time of the block before

  // A block, or a line outside of any: with the time of its first line.
  using Sink = FunctionRef<void(const LogEntry& entry)>;

  void Begin(const Multiline* multiline, std::span<std::int64_t> memory);
  // `boundary` is called when everything before this entry is complete.
  void Add(const LogEntry& entry, FunctionRef<void()> boundary, Sink sink);
  // Ends all blocks.
  void Finish(Sink sink);
  bool open() const { return open_ > 0; }
  void Release();

 private:
  struct Block {
    std::uint64_t lines = 0;  // 0: there is none
    std::int64_t last_time = 0;
    LogEntry entry;  // but for its text
    std::string text;
  };
  void End(std::size_t stream, Sink sink);

  const Multiline* multiline_ = nullptr;
  std::span<std::int64_t> memory_;
  std::array<Block, kMemory> blocks_;
  int open_ = 0;
};

}  // namespace telltale
