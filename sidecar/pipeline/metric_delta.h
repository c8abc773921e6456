// SPDX-License-Identifier: Apache-2.0
//
// What the metrics stages of a pipeline add to their series in one batch. Taken over when the
// batch is settled, together with the journal's record of it, so that a restart neither forgets
// nor repeats a line. Used by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/base/strings.h"

namespace telltale {

// One series in one batch.
struct MetricDelta {
  std::size_t metric = 0;  // index into Pipeline::metrics()
  Labels labels;
  bool set = false;  // a gauge was set, `value` is added to what it was set to
  double base = 0, value = 0;
  std::vector<std::uint64_t> counts;  // of a histogram: one per bucket and one above all
};

class MetricDeltas {
 public:
  // Series of one batch; updates of further ones are counted, and lost.
  static constexpr std::size_t kMaxSeries = 1000;

  // The series of `metric` and `key`; `labels` makes its labels when it is new. Null beyond the
  // limit.
  template <class MakeLabels>
  MetricDelta* Find(std::size_t metric, std::string_view key, MakeLabels labels) {
    scratch_.assign(1, static_cast<char>(metric));
    scratch_ += key;
    auto found = index_.find(scratch_);
    if (found != index_.end()) return &series_[found->second];
    if (series_.size() == kMaxSeries) {
      ++overflow_;
      return nullptr;
    }
    index_.emplace(scratch_, series_.size());
    MetricDelta& made = series_.emplace_back();
    made.metric = metric;
    made.labels = labels();
    return &made;
  }

  const std::vector<MetricDelta>& series() const { return series_; }
  std::uint64_t overflow() const { return overflow_; }
  void Clear() {
    if (series_.empty() && overflow_ == 0) return;
    index_.clear();
    series_.clear();
    overflow_ = 0;
  }

 private:
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<MetricDelta> series_;
  std::uint64_t overflow_ = 0;
  std::string scratch_;
};

}  // namespace telltale
