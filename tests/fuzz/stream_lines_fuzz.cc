// SPDX-License-Identifier: Apache-2.0
//
// The API server's log stream: where the network cuts it does not change its lines.
#include <string>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "sidecar/podlog/stream_lines.h"
#include "tests/fuzz/cut.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  ReadInAnyPieces(text, [](std::string_view stream, std::size_t piece) {
    std::vector<std::pair<std::int64_t, std::string>> lines;
    StreamLines reader;
    reader.Begin();
    FeedInPieces(stream, piece, [&](std::string_view part) {
      return reader.Feed(part, [&](std::int64_t time, std::string_view line) {
        TELLTALE_CHECK(line.size() <= StreamLines::kMaxBytes && line.find('\n') == line.npos);
        lines.emplace_back(time, line);
        return lines.size() < 100;
      });
    });
    return lines;
  });
}

}  // namespace telltale
