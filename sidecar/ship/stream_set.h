// SPDX-License-Identifier: Apache-2.0
//
// The streams of a batch: one per set of labels, in the order in which they were first seen. Beyond
// kMaxStreams the labels that stages gave to a line go into its structured metadata, and the line
// into the stream that it would have without them. A stream with more labels than the store takes
// keeps those that say where its lines come from, then others by name; the surplus goes into the
// structured metadata of its lines, because the store would refuse all of them. Owned by
// BatchBuilder, which keeps the memory for the next batch; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sidecar/loki/loki_encoder.h"
#include "sidecar/pipeline/pipeline.h"
#include "sidecar/ship/accounting.h"

namespace telltale {

class StreamSet {
 public:
  static constexpr std::size_t kMaxStreams = 128;
  static constexpr std::size_t kMaxLabels = 15;  // Loki's max_label_names_per_series

  struct Stream {
    StreamEncoder encoder;
    LineCount count;
    std::string key;
    Labels surplus;  // labels that go into the metadata
  };

  void set_max_labels(std::size_t most) { max_labels_ = most; }
  std::size_t max_labels() const { return max_labels_; }

  // `base` must stay until the next Begin.
  void Begin(const PipelineRun::BaseLabels& base);

  // A line as it is in its file.
  void Add(const LogEntry& entry);
  // A line that stages have been at; `count` is what it took in the file.
  void Add(const LineState& line, bool truncated, const LineCount& count,
           std::span<const std::string> label_names);

  std::size_t bytes() const { return bytes_; }
  std::uint64_t overflowed() const { return overflowed_; }
  std::span<const std::unique_ptr<Stream>> streams() const {
    return std::span(streams_).first(used_);
  }
  void Release();

 private:
  Stream& Base(LogStream stream);
  Stream& Open(std::string_view key, Labels labels);
  // `metadata` with the surplus of the stream behind it.
  std::span<const MetadataPair> WithSurplus(const Stream& stream,
                                            std::span<const MetadataPair> metadata);
  Stream* Find(std::string_view key);

  const PipelineRun::BaseLabels* base_ = nullptr;
  std::vector<std::unique_ptr<Stream>> streams_;  // the first used_ of them are of this batch
  std::size_t max_labels_ = kMaxLabels;
  std::size_t used_ = 0, last_ = 0;
  std::array<Stream*, PipelineRun::kStreams> bases_{};
  std::size_t bytes_ = 0;
  std::uint64_t overflowed_ = 0;
  std::string key_;
  std::vector<MetadataPair> metadata_;
};

}  // namespace telltale
