// SPDX-License-Identifier: Apache-2.0
//
// The fields of a native histogram within a protobuf Histogram. They are kept as they came; only
// what makes Prometheus refuse a whole scrape is checked. Thread-compatible.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/exposition/proto_fields.h"

namespace telltale {

class NativeHistogram {
 public:
  // Takes a field of Histogram, if it is of the native part. A sentence if it is wrong.
  std::string Add(const proto::Field& field);
  // After the last field: whether they fit each other and the count of the histogram.
  std::string Problem(double sample_count) const;

  // In protobuf encoding; empty for a histogram that has only classic buckets.
  const std::string& fields() const { return fields_; }
  std::size_t buckets() const { return positive_.deltas + negative_.deltas; }

 private:
  struct Side {
    std::uint64_t in_spans = 0, deltas = 0;
    std::int64_t last = 0;
    double total = 0;
    bool below_zero = false;
  };
  std::string AddSpan(std::string_view message, Side& side);
  std::string AddDeltas(const proto::Field& field, Side& side);

  std::string fields_;
  Side positive_, negative_;
  std::int64_t schema_ = 0;
  double zero_count_ = 0;
  bool any_ = false;
};

}  // namespace telltale
