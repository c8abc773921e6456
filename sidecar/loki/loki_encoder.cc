// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/loki_encoder.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/clean_utf8.h"
#include "common/base/varint.h"

namespace telltale {
namespace {

constexpr char kField1Bytes = 0x0a, kField2Bytes = 0x12, kField3Bytes = 0x1a;
constexpr char kField1Varint = 0x08, kField2Varint = 0x10;
constexpr std::string_view kTruncated("\x1a\x11\x0a\x09truncated\x12\x04true", 19);

void AppendGoQuoted(std::string_view value, std::string& out) {
  std::string clean;
  AppendCleanUtf8(value, std::string::npos, clean);
  out += '"';
  for (char c : clean) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      AppendHex(byte, out);
    } else {
      out += c;
    }
  }
  out += '"';
}

std::size_t PairSize(const MetadataPair& pair) {
  return 2 + VarintSize(pair.name.size()) + pair.name.size() + VarintSize(pair.value.size()) +
         pair.value.size();
}

void AppendPair(const MetadataPair& pair, std::string& out) {
  out += kField3Bytes;
  AppendVarint(out, PairSize(pair));
  out += kField1Bytes;
  AppendVarint(out, pair.name.size());
  out += pair.name;
  out += kField2Bytes;
  AppendVarint(out, pair.value.size());
  out += pair.value;
}

// The header of a request whose stream has `entry_bytes` of entries.
std::string Header(std::string_view labels, std::size_t entry_bytes) {
  std::string out;
  std::size_t stream = 1 + VarintSize(labels.size()) + labels.size() + entry_bytes;
  out += kField1Bytes;
  AppendVarint(out, stream);
  out += kField1Bytes;
  AppendVarint(out, labels.size());
  out += labels;
  return out;
}

}  // namespace

std::string FormatStreamLabels(const Labels& labels) {
  std::string out = "{";
  for (const auto& [name, value] : labels) {
    if (out.size() > 1) out += ", ";
    out += name;
    out += '=';
    AppendGoQuoted(value, out);
  }
  return out += '}';
}

void StreamEncoder::Begin(std::string_view labels) {
  labels_ = labels;
  text_.Begin();
  entries_ = 0;
  newest_ = 0;
}

void StreamEncoder::Add(std::int64_t time, std::string_view line, bool truncated,
                        std::span<const MetadataPair> metadata) {
  newest_ = std::max(newest_, time);
  auto nanos_total = static_cast<std::uint64_t>(time < 0 ? 0 : time);
  std::uint64_t seconds = nanos_total / 1'000'000'000, nanos = nanos_total % 1'000'000'000;
  std::size_t stamp =
      (seconds != 0 ? 1 + VarintSize(seconds) : 0) + (nanos != 0 ? 1 + VarintSize(nanos) : 0);
  std::size_t entry =
      2 + stamp + 1 + VarintSize(line.size()) + line.size() + (truncated ? kTruncated.size() : 0);
  for (const MetadataPair& pair : metadata) {
    entry += 1 + VarintSize(PairSize(pair)) + PairSize(pair);
  }
  char head[kMaxEntryOverhead];
  char* p = head;
  *p++ = kField2Bytes;
  p = PutVarint(p, entry);
  *p++ = kField1Bytes;
  p = PutVarint(p, stamp);
  if (seconds != 0) {
    *p++ = kField1Varint;
    p = PutVarint(p, seconds);
  }
  if (nanos != 0) {
    *p++ = kField2Varint;
    p = PutVarint(p, nanos);
  }
  *p++ = kField2Bytes;
  p = PutVarint(p, line.size());
  std::string& out = text_.tail();
  out.append(head, static_cast<std::size_t>(p - head));
  out.append(line);
  for (const MetadataPair& pair : metadata) AppendPair(pair, out);
  if (truncated) out.append(kTruncated);
  text_.Pack();
  ++entries_;
}

std::string StreamEncoder::Finish() { return text_.Finish(Header(labels_, text_.bytes())); }

void StreamEncoder::Release() {
  text_.Release();
  entries_ = 0;
}

namespace {

// The labels and the entries of a request of one stream.
struct Parts {
  std::string_view labels, entries;
};

std::optional<Parts> Open(std::string_view request) {
  std::string_view stream;
  Parts parts;
  if (request.empty() || request[0] != kField1Bytes) return std::nullopt;
  request.remove_prefix(1);
  if (!TakeBytes(request, stream) || !request.empty()) return std::nullopt;
  if (stream.empty() || stream[0] != kField1Bytes) return std::nullopt;
  stream.remove_prefix(1);
  if (!TakeBytes(stream, parts.labels)) return std::nullopt;
  parts.entries = stream;
  return parts;
}

// Takes an entry off the front.
bool TakeEntry(std::string_view& entries, std::string_view& entry) {
  if (entries.empty() || entries[0] != kField2Bytes) return false;
  entries.remove_prefix(1);
  return TakeBytes(entries, entry);
}

}  // namespace

std::optional<SplitRequest> SplitPushRequest(std::string_view request) {
  const auto parts = Open(request);
  if (!parts) return std::nullopt;
  std::string_view rest = parts->entries, entry;
  std::vector<std::size_t> ends;
  while (!rest.empty()) {
    if (!TakeEntry(rest, entry)) return std::nullopt;
    ends.push_back(parts->entries.size() - rest.size());
  }
  if (ends.size() < 2) return std::nullopt;
  SplitRequest out;
  out.first_entries = ends.size() / 2;
  out.second_entries = ends.size() - out.first_entries;
  const std::size_t middle = ends[out.first_entries - 1];
  const std::string_view entries = parts->entries;
  out.first = Header(parts->labels, middle).append(entries.substr(0, middle));
  out.second = Header(parts->labels, entries.size() - middle).append(entries.substr(middle));
  return out;
}

std::optional<std::string> WithoutMetadata(std::string_view request) {
  const auto parts = Open(request);
  if (!parts) return std::nullopt;
  std::string_view rest = parts->entries, entry;
  std::string entries;
  while (!rest.empty()) {
    if (!TakeEntry(rest, entry)) return std::nullopt;
    // The metadata comes behind the time and the line.
    std::string_view fields = entry, field;
    while (!fields.empty() && fields[0] != kField3Bytes) {
      fields.remove_prefix(1);
      if (!TakeBytes(fields, field)) return std::nullopt;
    }
    const std::string_view kept = entry.substr(0, entry.size() - fields.size());
    entries += kField2Bytes;
    AppendVarint(entries, kept.size());
    entries += kept;
  }
  return Header(parts->labels, entries.size()).append(entries);
}

}  // namespace telltale
