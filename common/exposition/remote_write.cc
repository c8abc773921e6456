// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/remote_write.h"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "common/base/varint.h"
#include "common/exposition/proto_fields.h"

namespace telltale {
namespace {

// Numbers of fields. prometheus/prompb: remote.proto and types.proto; io/prometheus/write/v2.
enum RequestField : std::uint32_t { kTimeseries1 = 1, kSymbols = 4, kTimeseries2 = 5 };
enum SeriesField : std::uint32_t { kLabels = 1, kSamples = 2, kMetadata = 5 };
enum LabelField : std::uint32_t { kLabelName = 1, kLabelValue = 2 };
enum SampleField : std::uint32_t { kSampleValue = 1, kSampleTime = 2 };
constexpr std::uint32_t kMetadataType = 1;

// Not every NaN is a marker: this one is (prometheus/model/value).
constexpr double kStaleMarker = std::bit_cast<double>(std::uint64_t{0x7ff0'0000'0000'0002});

void AppendSample(double value, std::int64_t time_ms, std::string& scratch, std::string& out) {
  scratch.clear();
  proto::AppendDoubleField(kSampleValue, value, scratch);
  proto::AppendVarintField(kSampleTime, static_cast<std::uint64_t>(time_ms), scratch);
  proto::AppendBytesField(kSamples, scratch, out);
}

std::uint64_t MetadataType(MetricType type) {
  switch (type) {
    case MetricType::kUntyped:
      return 0;
    case MetricType::kCounter:
      return 1;
    case MetricType::kGauge:
      return 2;
    case MetricType::kHistogram:
      return 3;
    case MetricType::kSummary:
      return 5;
  }
  return 0;
}

// Texts of a request, each once; 2.0 names them by their place.
class Symbols {
 public:
  Symbols() { Place(""); }
  std::uint64_t Place(std::string_view text) {
    const auto [found, added] = places_.try_emplace(text, order_.size());
    if (added) order_.push_back(text);
    return found->second;
  }
  const std::vector<std::string_view>& order() const { return order_; }

 private:
  std::unordered_map<std::string_view, std::uint64_t> places_;
  std::vector<std::string_view> order_;
};

std::string Encode1(std::span<const RemoteSeries> all, std::int64_t time_ms, bool end) {
  std::string out, one, scratch;
  for (const RemoteSeries& series : all) {
    one.clear();
    for (const auto& [name, value] : series.labels) {
      scratch.clear();
      proto::AppendBytesField(kLabelName, name, scratch);
      proto::AppendBytesField(kLabelValue, value, scratch);
      proto::AppendBytesField(kLabels, scratch, one);
    }
    AppendSample(series.value, time_ms, scratch, one);
    if (end) AppendSample(kStaleMarker, time_ms + 1, scratch, one);
    proto::AppendBytesField(kTimeseries1, one, out);
  }
  return out;
}

std::string Encode2(std::span<const RemoteSeries> all, std::int64_t time_ms, bool end) {
  Symbols symbols;
  std::string body, one, scratch;
  for (const RemoteSeries& series : all) {
    one.clear();
    scratch.clear();
    for (const auto& [name, value] : series.labels) {
      AppendVarint(scratch, symbols.Place(name));
      AppendVarint(scratch, symbols.Place(value));
    }
    proto::AppendBytesField(kLabels, scratch, one);
    AppendSample(series.value, time_ms, scratch, one);
    if (end) AppendSample(kStaleMarker, time_ms + 1, scratch, one);
    scratch.clear();
    proto::AppendVarintField(kMetadataType, MetadataType(series.type), scratch);
    proto::AppendBytesField(kMetadata, scratch, one);
    proto::AppendBytesField(kTimeseries2, one, body);
  }
  std::string out;
  for (const std::string_view text : symbols.order()) {
    proto::AppendBytesField(kSymbols, text, out);
  }
  return out += body;
}

}  // namespace

std::string EncodeRemoteWrite(std::span<const RemoteSeries> series, std::int64_t time_ms, bool end,
                              RemoteWriteVersion version) {
  return version == RemoteWriteVersion::k2 ? Encode2(series, time_ms, end)
                                           : Encode1(series, time_ms, end);
}

std::string_view RemoteWriteContentType(RemoteWriteVersion version) {
  return version == RemoteWriteVersion::k2
             ? "application/x-protobuf;proto=io.prometheus.write.v2.Request"
             : "application/x-protobuf";
}

}  // namespace telltale
