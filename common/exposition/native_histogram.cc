// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/native_histogram.h"

namespace telltale {
namespace {

constexpr std::int64_t kMinSchema = -4, kMaxSchema = 8;
constexpr std::uint64_t kMaxBuckets = 100'000;

std::int64_t ZigZag(std::uint64_t bits) {
  return static_cast<std::int64_t>(bits >> 1) ^ -static_cast<std::int64_t>(bits & 1);
}

}  // namespace

std::string NativeHistogram::AddSpan(std::string_view message, Side& side) {
  proto::Field field;
  while (proto::TakeField(message, field)) {
    if (field.number == 2) side.in_spans += field.bits & 0xffff'ffff;
    if (side.in_spans > kMaxBuckets) return "a native histogram has too many buckets";
  }
  return message.empty() ? "" : "unexpected EOF";
}

// A delta, or several of them packed.
std::string NativeHistogram::AddDeltas(const proto::Field& field, Side& side) {
  const auto add = [&side](std::uint64_t bits) {
    const std::int64_t delta = ZigZag(bits);
    if (__builtin_add_overflow(side.last, delta, &side.last) || side.last < 0) {
      side.below_zero = true;
      side.last = 0;
    }
    side.total += static_cast<double>(side.last);
    ++side.deltas;
  };
  if (field.wire == proto::kVarint) {
    add(field.bits);
    return {};
  }
  std::string_view packed = field.bytes;
  for (std::uint64_t bits; !packed.empty();) {
    if (!TakeVarint(packed, bits)) return "unexpected EOF";
    add(bits);
  }
  return {};
}

std::string NativeHistogram::Add(const proto::Field& field) {
  std::string problem;
  switch (field.number) {
    case proto::kSchema:
      schema_ = ZigZag(field.bits);
      break;
    case proto::kZeroThreshold:
      break;
    case proto::kZeroCount:
      zero_count_ = static_cast<double>(field.bits);
      break;
    case proto::kNegativeSpan:
      problem = AddSpan(field.bytes, negative_);
      break;
    case proto::kPositiveSpan:
      problem = AddSpan(field.bytes, positive_);
      break;
    case proto::kNegativeDelta:
      problem = AddDeltas(field, negative_);
      break;
    case proto::kPositiveDelta:
      problem = AddDeltas(field, positive_);
      break;
    case proto::kSampleCountFloat:
    case proto::kZeroCountFloat:
    case proto::kNegativeCount:
    case proto::kPositiveCount:
      if (field.wire == proto::kFixed64 && field.bits == 0) return {};
      return "histograms of floats are not accepted";
    default:
      return {};  // exemplars of native histograms are left out
  }
  fields_ += field.all;
  any_ = true;
  return problem;
}

std::string NativeHistogram::Problem(double sample_count) const {
  if (!any_) return {};
  if (schema_ < kMinSchema || schema_ > kMaxSchema) {
    return "the schema of a native histogram must be -4 to 8, but is " + std::to_string(schema_);
  }
  if (positive_.in_spans != positive_.deltas || negative_.in_spans != negative_.deltas) {
    return "the spans of a native histogram do not fit its buckets";
  }
  if (positive_.below_zero || negative_.below_zero) {
    return "a bucket of a native histogram has a negative count";
  }
  if (positive_.total + negative_.total + zero_count_ > sample_count) {
    return "the buckets of a native histogram hold more than its count";
  }
  return {};
}

}  // namespace telltale
