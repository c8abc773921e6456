// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/stream_lines.h"

#include <algorithm>
#include <utility>

#include "common/base/rfc3339.h"

namespace telltale {

void StreamLines::Begin() {
  rest_.clear();
  skipping_ = false;
}

bool StreamLines::Feed(std::string_view piece, Sink sink) {
  while (!piece.empty()) {
    const auto end = piece.find('\n');
    const bool complete = end != piece.npos;
    std::string_view part = piece.substr(0, end);
    piece.remove_prefix(complete ? end + 1 : piece.size());
    if (complete && rest_.empty() && part.size() <= kMaxBytes) {
      if (!Line(part, sink)) return false;
      continue;
    }
    if (!skipping_) {
      skipping_ = rest_.size() + part.size() > kMaxBytes;
      rest_.append(part.substr(0, std::min(part.size(), kMaxBytes - rest_.size())));
    }
    if (!complete) break;
    const std::string line = std::move(rest_);
    Begin();
    if (!Line(line, sink)) return false;
  }
  return true;
}

bool StreamLines::Line(std::string_view line, Sink sink) {
  const auto space = line.find(' ');
  const auto time = ParseRfc3339(line.substr(0, space));
  if (!time) return true;
  return sink(*time, space == line.npos ? std::string_view() : line.substr(space + 1));
}

}  // namespace telltale
