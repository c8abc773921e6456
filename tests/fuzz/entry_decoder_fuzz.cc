// SPDX-License-Identifier: Apache-2.0
//
// Lines of log files, CRI or not: every byte is accounted for by exactly one entry, and each entry
// is one that Loki takes. libFuzzer's inputs are short, so what follows the last '*' of a line is
// repeated until the line is long.
#include <string>
#include <vector>

#include "common/base/check.h"
#include "common/base/clean_utf8.h"
#include "common/base/rfc3339.h"
#include "sidecar/tail/entry_decoder.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::size_t kLong = 100'000;
constexpr int kMaxLongLines = 6;  // more than fit into one entry

std::vector<std::string> MakeLines(std::string_view text) {
  std::vector<std::string> lines;
  int long_lines = 0;
  while (!text.empty()) {
    std::string& line = lines.emplace_back(TakeLine(text));
    const std::size_t star = line.rfind('*');
    if (star == std::string::npos || star + 1 == line.size() || ++long_lines > kMaxLongLines) {
      continue;
    }
    const std::string repeated = line.substr(star + 1);
    while (line.size() < kLong) line += repeated;
  }
  return lines;
}

void CheckCri(std::string_view line) {
  const auto cri = ParseCriLine(line);
  if (!cri) return;
  TELLTALE_CHECK(cri->time >= 0 && line.ends_with(cri->content));
  const std::string again = FormatRfc3339(cri->time, 9) +
                            (cri->stream == LogStream::kStdout ? " stdout " : " stderr ") +
                            (cri->partial ? "P " : "F ") + std::string(cri->content);
  const auto same = ParseCriLine(again);
  TELLTALE_CHECK(same && same->time == cri->time && same->content == cri->content);
}

void Decode(const std::vector<std::string>& lines, LogSource::Format format) {
  EntryDecoder decoder(format);
  std::uint64_t at = 0, seen = 0;
  const auto sink = [&](const LogEntry& entry) {
    seen += entry.bytes;
    TELLTALE_CHECK(entry.text.size() <= kMaxLine && IsCleanUtf8(entry.text));
    TELLTALE_CHECK(entry.cut_bytes <= entry.bytes && entry.truncated == (entry.cut_bytes > 0));
    TELLTALE_CHECK(entry.begin < at && (entry.stream != LogStream::kNone || entry.time == 0));
  };
  for (const std::string& line : lines) {
    const RawLine raw{line, at, at + line.size() + 1, 0};
    at = raw.end;
    decoder.Line(raw, sink);
    if (decoder.AtSafePoint()) TELLTALE_CHECK(seen == at);
  }
  decoder.Finish(sink);
  TELLTALE_CHECK(decoder.AtSafePoint() && seen == at);
}

}  // namespace

void FuzzOne(std::string_view text) {
  const auto lines = MakeLines(text);
  for (const std::string& line : lines) CheckCri(line);
  for (const auto format : {LogSource::Format::kAuto, LogSource::Format::kCri,
                            LogSource::Format::kPlain, LogSource::Format::kDocker}) {
    Decode(lines, format);
  }
}

}  // namespace telltale
