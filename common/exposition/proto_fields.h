// SPDX-License-Identifier: Apache-2.0
//
// Protobuf's wire format: fields of a message, one after the other, and the numbers of those that
// Prometheus' metrics.proto has. Pure; header only, because each function is a few lines.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/varint.h"

namespace telltale::proto {

// Numbers of fields, by message.
enum FamilyField : std::uint32_t { kName = 1, kHelp, kType, kMetric, kUnit };
enum MetricField : std::uint32_t {
  kLabel = 1,
  kGauge,
  kCounter,
  kSummary,
  kUntyped,
  kTimestamp,
  kHistogram
};
enum CounterField : std::uint32_t { kValue = 1, kExemplar, kCounterCreated };
enum HistogramField : std::uint32_t {
  kSampleCount = 1,
  kSampleSum,
  kBucket,
  kSampleCountFloat,
  kSchema,
  kZeroThreshold,
  kZeroCount,
  kZeroCountFloat,
  kNegativeSpan,
  kNegativeDelta,
  kNegativeCount,
  kPositiveSpan,
  kPositiveDelta,
  kPositiveCount,
  kHistogramCreated,
  kExemplars,
};
enum BucketField : std::uint32_t {
  kCumulativeCount = 1,
  kUpperBound,
  kBucketExemplar,
  kCumulativeCountFloat
};
inline constexpr std::uint32_t kSummaryCreated = 4;

enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  std::uint32_t number = 0;
  std::uint32_t wire = 0;
  std::uint64_t bits = 0;  // of a varint or a fixed number
  std::string_view bytes;  // of a string or message
  std::string_view all;    // the field with its tag

  double AsDouble() const { return std::bit_cast<double>(bits); }
};

// Takes the next field off a message; false at its end and when it is damaged, which also leaves
// the message not empty.
inline bool TakeField(std::string_view& message, Field& field) {
  std::string_view rest = message;
  std::uint64_t tag;
  if (!TakeVarint(rest, tag) || tag >> 35 != 0 || tag >> 3 == 0) return false;
  field = {static_cast<std::uint32_t>(tag >> 3), static_cast<std::uint32_t>(tag & 7), 0, {}, {}};
  if (field.wire == kVarint) {
    if (!TakeVarint(rest, field.bits)) return false;
  } else if (field.wire == kBytes) {
    if (!TakeBytes(rest, field.bytes)) return false;
  } else if (field.wire == kFixed64 || field.wire == kFixed32) {
    const unsigned size = field.wire == kFixed64 ? 8 : 4;
    if (rest.size() < size) return false;
    for (unsigned i = 0; i < size; ++i) {
      field.bits |= std::uint64_t{static_cast<unsigned char>(rest[i])} << (8 * i);
    }
    rest.remove_prefix(size);
  } else {
    return false;
  }
  field.all = message.substr(0, message.size() - rest.size());
  message = rest;
  return true;
}

inline void AppendTag(std::uint32_t number, Wire wire, std::string& out) {
  AppendVarint(out, std::uint64_t{number} << 3 | wire);
}
inline void AppendVarintField(std::uint32_t number, std::uint64_t value, std::string& out) {
  AppendTag(number, kVarint, out);
  AppendVarint(out, value);
}
inline void AppendDoubleField(std::uint32_t number, double value, std::string& out) {
  AppendTag(number, kFixed64, out);
  const auto bits = std::bit_cast<std::uint64_t>(value);
  for (unsigned i = 0; i < 8; ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
}
inline void AppendBytesField(std::uint32_t number, std::string_view bytes, std::string& out) {
  AppendTag(number, kBytes, out);
  AppendVarint(out, bytes.size());
  out += bytes;
}

}  // namespace telltale::proto
