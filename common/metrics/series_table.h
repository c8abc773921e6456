// SPDX-License-Identifier: Apache-2.0
//
// Metric families that share their labels, as a table: one row per device, process name or pod, one
// column per family. A row that a cycle does not set again disappears from the page, as its device
// did from the system. At most `max_rows` rows, because what is outside decides how many there are.
// One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/metrics/registry.h"

namespace telltale {

class SeriesTable {
 public:
  struct Column {
    std::string_view name, help;
    enum Type {
      kCounter,
      kGauge,
      kSeconds,  // a counter of seconds, set in milliseconds
    } type;
  };

  // The columns' texts must live as long as the table: they are literals.
  SeriesTable(Registry& registry, std::initializer_list<Column> columns,
              std::size_t max_rows = 256);
  ~SeriesTable();
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;

  // One cycle: Begin, Set for each row, End.
  void Begin() { ++cycle_; }
  // One value per column. False when the table is full and the row is new.
  bool Set(const Labels& labels, std::initializer_list<std::uint64_t> values);
  void End();

 private:
  struct Row {
    // By column; null where the column is of the other kind.
    std::vector<Counter*> counters;
    std::vector<Gauge*> gauges;  // and seconds
    std::uint64_t cycle = 0;
  };
  Row MakeRow(const Labels& labels);
  void Remove(const Labels& labels);

  Registry& registry_;
  const std::vector<Column> columns_;
  const std::size_t max_rows_;
  std::map<Labels, Row> rows_;
  std::uint64_t cycle_ = 0;
};

}  // namespace telltale
