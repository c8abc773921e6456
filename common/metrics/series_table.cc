// SPDX-License-Identifier: Apache-2.0
#include "common/metrics/series_table.h"

#include "common/base/check.h"

namespace telltale {

SeriesTable::SeriesTable(Registry& registry, std::initializer_list<Column> columns,
                         std::size_t max_rows)
    : registry_(registry), columns_(columns), max_rows_(max_rows) {}

SeriesTable::~SeriesTable() {
  for (const auto& [labels, row] : rows_) Remove(labels);
}

SeriesTable::Row SeriesTable::MakeRow(const Labels& labels) {
  Row row;
  for (const Column& c : columns_) {
    Counter* counter = nullptr;
    Gauge* gauge = nullptr;
    switch (c.type) {
      case Column::kCounter:
        counter = &registry_.AddCounter(c.name, c.help, labels);
        break;
      case Column::kGauge:
        gauge = &registry_.AddGauge(c.name, c.help, labels);
        break;
      case Column::kSeconds:
        gauge = &registry_.AddFloatCounter(c.name, c.help, labels);
        break;
    }
    row.counters.push_back(counter);
    row.gauges.push_back(gauge);
  }
  return row;
}

void SeriesTable::Remove(const Labels& labels) {
  for (const Column& column : columns_) registry_.Remove(column.name, labels);
}

bool SeriesTable::Set(const Labels& labels, std::initializer_list<std::uint64_t> values) {
  TELLTALE_CHECK(values.size() == columns_.size());
  auto found = rows_.find(labels);
  if (found == rows_.end()) {
    if (rows_.size() >= max_rows_) return false;
    found = rows_.emplace(labels, MakeRow(labels)).first;
  }
  Row& row = found->second;
  row.cycle = cycle_;
  std::size_t column = 0;
  for (const std::uint64_t value : values) {
    if (row.counters[column] != nullptr) {
      row.counters[column]->Set(value);
    } else {
      const bool seconds = columns_[column].type == Column::kSeconds;
      row.gauges[column]->Set(static_cast<double>(value) / (seconds ? 1e3 : 1));
    }
    ++column;
  }
  return true;
}

void SeriesTable::End() {
  for (auto row = rows_.begin(); row != rows_.end();) {
    if (row->second.cycle == cycle_) {
      ++row;
      continue;
    }
    Remove(row->first);
    row = rows_.erase(row);
  }
}

}  // namespace telltale
