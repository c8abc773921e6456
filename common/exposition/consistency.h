// SPDX-License-Identifier: Apache-2.0
//
// What makes a page of families wrong although each line of it can be read: the same series twice,
// a family that takes the name of another one's samples, two names that are one when they are
// escaped. The sentences are those of Prometheus' client_golang, which its Pushgateway gives. Pure,
// thread-safe.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "common/exposition/family.h"

namespace telltale {

std::string_view TypeName(MetricType type);  // "counter"

// Families and series of one page, added one after the other.
class PageCheck {
 public:
  // Appends a sentence to `problems` for each thing that cannot stand beside what was added before:
  // another type, the name of another family's samples (h_count beside a histogram h), a series
  // that is there, a bucket twice.
  void Add(const Family& family, std::vector<std::string>& problems);
  // Only the family's name and type, for one whose series can be nobody else's. False if they
  // cannot stand there; what was added before stays.
  bool AddName(const Family& family, std::vector<std::string>& problems);

 private:
  std::string NameProblem(const Family& family) const;
  void AddMetric(const Family& family, const Metric& metric, std::vector<std::string>& problems);

  std::map<std::string, MetricType, std::less<>> types_;
  std::map<std::string, std::string> names_;  // by what underscores make of them
  std::unordered_set<std::string> series_;    // name and labels, each with its length before it
};

}  // namespace telltale
