// SPDX-License-Identifier: Apache-2.0
//
// The stream of a watch: where the network cuts it changes nothing about its lines, and a line that
// is no event is refused with a sentence.
#include <algorithm>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "operator/kube/watch/line_splitter.h"
#include "operator/kube/watch/watch_event.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxLine = 1000;  // below libFuzzer's longest input

struct Lines {
  std::vector<std::string> lines;
  LineSplitter::Fed end = LineSplitter::Fed::kMore;
  bool operator==(const Lines&) const = default;
};

Lines Cut(std::string_view text, std::size_t piece) {
  LineSplitter splitter(kMaxLine);
  Lines out;
  while (!text.empty() && out.end == LineSplitter::Fed::kMore) {
    out.end = splitter.Feed(text.substr(0, piece), [&](std::string_view line) {
      out.lines.emplace_back(line);
      return true;
    });
    text.remove_prefix(std::min(piece, text.size()));
  }
  return out;
}

}  // namespace
}  // namespace telltale

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace telltale;  // NOLINT: a program of one function
  static JsonParser parser;
  const std::string_view text = FuzzText(data, size);
  const Lines whole = Cut(text, size + 1);
  for (const std::size_t piece : {1u, 7u, 300u}) TELLTALE_CHECK(Cut(text, piece) == whole);
  WatchEvent event;
  for (const std::string& line : whole.lines) {
    TELLTALE_CHECK(!line.empty() && line.size() <= kMaxLine);
    TELLTALE_CHECK(line.find('\n') == std::string::npos);
    const Status read = DecodeWatchEvent(parser, line, event);
    TELLTALE_CHECK(read.ok() ? !event.type_name.empty() : !read.error().message.empty());
    const Status ignored = WithWatchObject(parser, line, [](JsonValue object) -> Status {
      TELLTALE_CHECK(!ObjectName(object).empty());
      return {};
    });
  }
  return 0;
}
