// SPDX-License-Identifier: Apache-2.0
//
// A container's output on its way from the API server to the log pipeline: a file in the form of
// the container runtimes, which the pipeline tails like any other, so that journal, replay and
// accounting are the same. The file only grows; what Loki has acknowledged is given back to the
// file system as a hole at its beginning, but for the last two seconds (at most 4 MiB of them):
// what the file ends with says where to go on after a restart. Owned by a follower, on its thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/files.h"
#include "common/base/result.h"
#include "sidecar/podlog/resume_point.h"

namespace telltale {

class Spool {
 public:
  // Not of the hole: the beginning, which tells the file from others.
  static constexpr std::uint64_t kHead = 64 << 10;

  explicit Spool(std::string path) : path_(std::move(path)) {}

  // Makes the file, or takes up what the last process left; a line without an end is cut off.
  // `point` is told of the last lines.
  Status Open(ResumePoint& point);

  void Add(std::int64_t time, std::string_view text);
  // Writes what was added. What cannot be written is tried again.
  Status Flush();

  // Loki has the file up to there.
  void Release(std::uint64_t acked);

  const std::string& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  std::size_t buffered() const { return buffer_.size(); }

 private:
  struct SecondBegin {
    std::int64_t second = 0;  // of the Unix time
    std::uint64_t at = 0;     // where its first line begins
  };

  Status TakeUp(ResumePoint& point);
  void Mark(std::int64_t time, std::uint64_t at);

  const std::string path_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;      // written
  std::uint64_t released_ = 0;  // up to where it is a hole
  std::string buffer_;
  SecondBegin newest_, before_;  // the second of the newest line, and the one before if it had any
};

}  // namespace telltale
