// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/entry_decoder.h"

#include <algorithm>

#include "common/base/clean_utf8.h"
#include "sidecar/tail/docker_line.h"

namespace telltale {
namespace {

// A joined line that was very long gives its memory back; others are reused.
constexpr std::size_t kKeepCapacity = 64 << 10;
// At the start of a file it says that UTF-8 follows, and is no text (byte order mark).
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";

}  // namespace

// The line as a container runtime wrote it; nullopt if it has no such form.
std::optional<CriLine> EntryDecoder::Parse(std::string_view text) {
  using Format = LogSource::Format;
  if (format_ == Format::kAuto || format_ == Format::kCri) {
    if (auto cri = ParseCriLine(text, &second_)) return cri;
  }
  if (format_ == Format::kAuto || format_ == Format::kDocker) {
    if (auto docker = ParseDockerLine(text, docker_scratch_)) {
      return CriLine{docker->time, docker->stream, docker->partial, docker->content};
    }
  }
  return std::nullopt;
}

void EntryDecoder::Line(const RawLine& raw, Sink sink) {
  RawLine line = raw;
  if (line.begin == 0 && line.text.starts_with(kUtf8Mark))
    line.text.remove_prefix(kUtf8Mark.size());
  LogEntry entry;
  entry.begin = line.begin;
  entry.bytes = line.end - line.begin;
  entry.cut_bytes = line.skipped;
  entry.truncated = line.skipped > 0;
  if (auto cri = Parse(line.text)) {
    Partial& partial = cri->stream == LogStream::kStderr ? stderr_ : stdout_;
    if (cri->partial || partial.waiting) {
      Append(partial, *cri, line);
      if (!cri->partial) Flush(partial, sink);
      return;
    }
    entry.time = cri->time;
    entry.stream = cri->stream;
    Whole(cri->content, entry, sink);
    return;
  }
  Whole(line.text, entry, sink);
}

void EntryDecoder::Finish(Sink sink) {
  if (stdout_.waiting) Flush(stdout_, sink);
  if (stderr_.waiting) Flush(stderr_, sink);
}

void EntryDecoder::Resume(const PartialLines& lines) {
  for (const PartialLine& line : lines) {
    Partial& partial = line.stream == LogStream::kStderr ? stderr_ : stdout_;
    partial.waiting = true;
    partial.text = line.text;
    partial.entry = LogEntry{};
    partial.entry.stream = line.stream;
    partial.entry.time = line.time;
    partial.entry.truncated = line.truncated;
    partial.entry.bytes = line.bytes;
    partial.entry.cut_bytes = line.cut_bytes;
  }
}

PartialLines EntryDecoder::Waiting() const {
  PartialLines out;
  for (const Partial* partial : {&stdout_, &stderr_}) {
    if (!partial->waiting) continue;
    const LogEntry& entry = partial->entry;
    out.push_back(
        {entry.stream, entry.time, partial->text, entry.truncated, entry.bytes, entry.cut_bytes});
  }
  return out;
}

void EntryDecoder::Whole(std::string_view content, LogEntry entry, Sink sink) {
  if (content.size() <= max_line_ && IsCleanUtf8(content)) {
    entry.text = content;
  } else {
    scratch_.clear();
    // A replacement is longer than what it replaces, so the cut is by the length of the result.
    std::size_t used = AppendCleanUtf8(content, max_line_, scratch_);
    entry.text = scratch_;
    entry.cut_bytes += content.size() - used;
    entry.truncated = entry.truncated || used < content.size();
  }
  sink(entry);
}

void EntryDecoder::Append(Partial& partial, const CriLine& cri, const RawLine& line) {
  if (!partial.waiting) {
    partial.waiting = true;
    partial.entry = LogEntry{};
    partial.entry.begin = line.begin;
    partial.entry.stream = cri.stream;
  }
  LogEntry& entry = partial.entry;
  entry.time = cri.time;  // the last part's, as Promtail has it
  entry.bytes += line.end - line.begin;
  // Joined before it is cleaned: a runtime may part a line within a character. Bytes beyond what
  // could ever be sent are only counted.
  std::size_t room = kMaxRawLine - partial.text.size();
  std::size_t keep = entry.truncated ? 0 : std::min(room, cri.content.size());
  partial.text.append(cri.content.substr(0, keep));
  entry.cut_bytes += cri.content.size() - keep + line.skipped;
  entry.truncated = entry.truncated || keep < cri.content.size() || line.skipped > 0;
}

void EntryDecoder::Flush(Partial& partial, Sink sink) {
  partial.waiting = false;
  Whole(partial.text, partial.entry, sink);
  if (partial.text.capacity() > kKeepCapacity) {
    partial.text = std::string();
  } else {
    partial.text.clear();
  }
}

}  // namespace telltale
