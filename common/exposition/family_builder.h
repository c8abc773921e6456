// SPDX-License-Identifier: Apache-2.0
//
// Collects samples into families while a text is read. The samples of one histogram or summary may
// stand anywhere in their family; they are found again by their labels. Used by the two text
// parsers. Thread-compatible.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/exposition/family.h"

namespace telltale {

// What a sample says of a summary or histogram. A quantile or bucket has its bound beside it.
enum class SamplePart { kBucket, kSum, kCount };

class FamilyBuilder {
 public:
  struct Entry {
    Family family;
    bool has_help = false, has_type = false;
  };

  // The family that a line with a name is about, and the part of it: `h_sum` belongs to the summary
  // or histogram h, if there is one and no family h_sum.
  struct Place {
    Entry* entry = nullptr;
    SamplePart part = SamplePart::kBucket;
  };

  // Pointers to entries are valid until the next call of these two.
  Entry& Find(std::string_view name);  // made at its first use
  Place FindPlace(std::string_view name);
  Entry* FindKnown(std::string_view name);

  // The metric of a counter, gauge or untyped family: always a new one.
  Metric& AddMetric(Entry& entry, Labels labels);
  // The metric of a summary or histogram with these labels. `labels` has no le and no quantile.
  Metric& FindMetric(Entry& entry, Labels labels);

  // The families that have samples, in the order of their first mention.
  std::vector<Family> Take() &&;

 private:
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> by_name_;
  // By family name and labels, each with its length before it.
  std::unordered_map<std::string, std::size_t> distributions_;
};

// Whether it can be the count of a histogram or summary, which protobuf has in 64 bits.
bool IsCount(double value);

// Sets the part; a bucket without a bound, such as a sample `h` of a histogram h, says nothing.
void SetPart(Metric& metric, SamplePart part, std::optional<double> bound, double value);

}  // namespace telltale
