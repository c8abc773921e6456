// SPDX-License-Identifier: Apache-2.0
//
// The times of some of the lines of a batch, evenly spread, so that when it is acknowledged it can
// be said how long each took without keeping a number for each. A plain value of fixed size.
// Filled by BatchBuilder, read by Backlog.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/function_ref.h"

namespace telltale {

class TimeSample {
 public:
  static constexpr std::size_t kMax = 32;

  // The next line's: its own time or when it was first seen, in nanoseconds since the epoch.
  void Note(std::int64_t time) {
    if ((lines_++ & (stride_ - 1)) == 0) Keep(time);
  }
  // Forgets all lines behind the first `lines`.
  void Truncate(std::uint64_t lines) {
    if (lines >= lines_) return;
    lines_ = lines;
    size_ = std::min<std::size_t>(size_, (lines + stride_ - 1) / stride_);
  }
  std::uint64_t lines() const { return lines_; }

  // The times kept, each with the number of lines it stands for.
  void ForEach(FunctionRef<void(std::int64_t time, std::uint64_t lines)> visit) const {
    for (std::size_t i = 0; i < size_; ++i) {
      visit(times_[i], std::min<std::uint64_t>(stride_, lines_ - i * stride_));
    }
  }

 private:
  void Keep(std::int64_t time) {
    if (size_ == kMax) {
      for (std::size_t i = 0; i < kMax / 2; ++i) times_[i] = times_[2 * i];
      size_ = kMax / 2;
      stride_ *= 2;
    }
    times_[size_++] = time;
  }

  std::array<std::int64_t, kMax> times_{};
  std::size_t size_ = 0;
  std::uint64_t stride_ = 1;  // a power of two
  std::uint64_t lines_ = 0;
};

}  // namespace telltale
