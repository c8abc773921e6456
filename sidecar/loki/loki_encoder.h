// SPDX-License-Identifier: Apache-2.0
//
// Loki's push.proto written by hand (reference: grafana/loki pkg/push/push.proto):
//   PushRequest {1: Stream*}   Stream {1: labels text, 2: Entry*}
//   Entry {1: Timestamp {1: seconds, 2: nanos}, 2: line, 3: LabelPair {1: name, 2: value}*}
// One request holds one stream here; PushQueue joins the requests of several streams into one push.
// Pure; no allocation per entry. Called by BatchBuilder and, to divide, by PushQueue.
// Requests are compressed while entries are added, so that memory is for the compressed form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/loki/snappy_codec.h"
#include "sidecar/pipeline/values.h"

namespace telltale {

// `{app="a", job="b"}`, values quoted as Go quotes strings and made valid UTF-8.
std::string FormatStreamLabels(const Labels& labels);

class StreamEncoder {
 public:
  // Starts a request; keeps the memory of the one before.
  void Begin(std::string_view labels);
  // `truncated` adds the structured metadata truncated="true".
  void Add(std::int64_t time, std::string_view line, bool truncated,
           std::span<const MetadataPair> metadata = {});

  std::size_t entries() const { return entries_; }
  std::size_t bytes() const { return kMostHeader + labels_.size() + text_.bytes(); }
  // Equal for the same labels.
  std::uint64_t stream() const { return Hash64(labels_); }
  std::int64_t newest() const { return newest_; }  // time of an entry

  std::size_t capacity() const { return text_.capacity(); }

  // The request, compressed. Begin comes next.
  std::string Finish();
  // Gives the memory back.
  void Release();

 private:
  static constexpr std::size_t kMostHeader = 2 + 2 * 5;  // two tags and lengths of at most 35 bits

  std::string labels_;
  SnappyWriter text_;  // the entries
  std::size_t entries_ = 0;
  std::int64_t newest_ = 0;
};

// An upper bound of what Add writes beside the line and its metadata.
inline constexpr std::size_t kMaxEntryOverhead = 64;

struct SplitRequest {
  std::string first, second;
  std::size_t first_entries = 0, second_entries = 0;
};
// Two requests with half of the entries each; nothing when there is but one entry, or the text is
// not one of ours.
std::optional<SplitRequest> SplitPushRequest(std::string_view request);
// The request without the structured metadata of its entries; nothing when it is not one of ours.
std::optional<std::string> WithoutMetadata(std::string_view request);

}  // namespace telltale
