// SPDX-License-Identifier: Apache-2.0
//
// The updates of the metrics stages of a pipeline in one batch. They take effect when the batch is
// settled, together with the journal's record of it, so that a restart neither forgets nor repeats
// a line. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/strings.h"

namespace telltale {

// One series in one batch.
struct MetricDelta {
  std::size_t metric = 0;  // index into Pipeline::metrics()
  Labels labels;
  bool set = false;  // a gauge was set to `base`, then `value` was added
  double base = 0, value = 0;
  std::vector<std::uint64_t> counts;  // of a histogram: one per bucket and one above all
};

class MetricDeltas {
 public:
  // Bounds of one batch; updates of further series are dropped and counted.
  static constexpr std::size_t kMaxSeries = 1000;
  static constexpr std::size_t kMaxBytes = 256 << 10;  // of labels

  // The series of `metric` and `key`; `labels` makes its labels if it is new. Null beyond the
  // bounds.
  template <class MakeLabels>
  MetricDelta* Find(std::size_t metric, std::string_view key, MakeLabels labels) {
    scratch_.assign(1, static_cast<char>(metric));
    scratch_ += key;
    auto found = index_.find(scratch_);
    if (found != index_.end()) return &series_[found->second];
    Labels made_of;
    std::size_t bytes = kMaxBytes;
    if (series_.size() < kMaxSeries && bytes_ < kMaxBytes) {
      made_of = labels();
      bytes = bytes_;
      for (const auto& [name, value] : made_of) bytes += name.size() + value.size();
    }
    if (bytes >= kMaxBytes) {
      ++overflow_;
      return nullptr;
    }
    bytes_ = bytes;
    index_.emplace(scratch_, series_.size());
    MetricDelta& made = series_.emplace_back();
    made.metric = metric;
    made.labels = std::move(made_of);
    return &made;
  }

  const std::vector<MetricDelta>& series() const { return series_; }
  std::uint64_t overflow() const { return overflow_; }
  void Clear() {
    if (series_.empty() && overflow_ == 0) return;
    index_.clear();
    series_.clear();
    overflow_ = 0;
    bytes_ = 0;
  }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<MetricDelta> series_;
  std::uint64_t overflow_ = 0;
  std::size_t bytes_ = 0;  // of the labels of series_
  std::string scratch_;
};

}  // namespace telltale
