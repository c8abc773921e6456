// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/stream_set.h"

#include <algorithm>
#include <utility>

namespace telltale {
namespace {

// Memory that all encoders together may keep between batches.
constexpr std::size_t kKeepBytes = 3 << 20;

// Labels that say where lines come from; they stay.
constexpr std::array<std::string_view, 7> kIdentity = {"app",  "container", "filename", "namespace",
                                                       "node", "pod",       "stream"};

// Takes labels out of `labels` until at most `most` are left: the last ones by name first.
Labels TakeSurplus(Labels& labels, std::size_t most) {
  Labels surplus;
  for (std::size_t i = labels.size(); i-- > 0 && labels.size() > most;) {
    if (std::ranges::find(kIdentity, labels[i].first) != kIdentity.end()) continue;
    surplus.insert(surplus.begin(), std::move(labels[i]));
    labels.erase(labels.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return surplus;
}

}  // namespace

void StreamSet::Begin(const PipelineRun::BaseLabels& base) {
  std::size_t kept = 0;
  for (const auto& stream : streams_) {
    kept += stream->encoder.capacity();
    if (kept > kKeepBytes) stream->encoder.Release();
  }
  base_ = &base;
  used_ = last_ = 0;
  bases_ = {};
  bytes_ = 0;
  overflowed_ = 0;
}

StreamSet::Stream& StreamSet::Open(std::string_view key, Labels labels) {
  if (used_ == streams_.size()) streams_.push_back(std::make_unique<Stream>());
  Stream& stream = *streams_[used_++];
  stream.surplus.clear();
  if (labels.size() > max_labels_) stream.surplus = TakeSurplus(labels, max_labels_);
  stream.encoder.Begin(FormatStreamLabels(labels));
  stream.count = {};
  stream.key = key;
  bytes_ += stream.encoder.bytes();
  return stream;
}

StreamSet::Stream& StreamSet::Base(LogStream stream) {
  Stream*& base = bases_[static_cast<std::size_t>(stream)];
  if (base == nullptr) {
    const char key = static_cast<char>(stream);
    base = &Open({&key, 1}, (*base_)[static_cast<std::size_t>(stream)]);
  }
  return *base;
}

StreamSet::Stream* StreamSet::Find(std::string_view key) {
  if (last_ < used_ && streams_[last_]->key == key) return streams_[last_].get();
  for (std::size_t i = 0; i < used_; ++i) {
    if (streams_[i]->key != key) continue;
    last_ = i;
    return streams_[i].get();
  }
  return nullptr;
}

void StreamSet::Add(const LogEntry& entry) {
  Stream& stream = Base(entry.stream);
  const std::size_t before = stream.encoder.bytes();
  stream.encoder.Add(entry.time, entry.text, entry.truncated, WithSurplus(stream, {}));
  bytes_ += stream.encoder.bytes() - before;
  stream.count += {1, entry.bytes - entry.cut_bytes};
}

void StreamSet::Add(const LineState& line, bool truncated, const LineCount& count,
                    std::span<const std::string> label_names) {
  Stream* stream = nullptr;
  std::span<const MetadataPair> metadata = line.metadata;
  if (!line.labels_changed) {
    stream = &Base(line.stream);
  } else {
    key_.clear();
    AppendStreamKey(line, key_);
    stream = Find(key_);
    if (stream == nullptr && used_ < kMaxStreams) {
      stream = &Open(key_, StreamLabels(line, label_names));
      last_ = used_ - 1;
    }
  }
  if (stream == nullptr) {
    ++overflowed_;
    metadata_ = line.metadata;
    for (std::size_t i = 0; i < label_names.size(); ++i) {
      const LabelState& label = line.labels[i];
      if (label.kind == LabelState::Kind::kSet) metadata_.push_back({label_names[i], label.value});
    }
    metadata = metadata_;
    stream = &Base(line.stream);
  }
  const std::size_t before = stream->encoder.bytes();
  stream->encoder.Add(line.time, line.text, truncated, WithSurplus(*stream, metadata));
  bytes_ += stream->encoder.bytes() - before;
  stream->count += count;
}

std::span<const MetadataPair> StreamSet::WithSurplus(const Stream& stream,
                                                     std::span<const MetadataPair> metadata) {
  if (stream.surplus.empty()) return metadata;
  if (metadata.data() != metadata_.data()) metadata_.assign(metadata.begin(), metadata.end());
  for (const auto& [name, value] : stream.surplus) metadata_.push_back({name, value});
  return metadata_;
}

void StreamSet::Release() {
  streams_.clear();
  used_ = 0;
}

}  // namespace telltale
