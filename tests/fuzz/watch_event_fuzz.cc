// SPDX-License-Identifier: Apache-2.0
//
// The stream of a watch: where the network cuts it changes nothing about its lines, a line that is
// no event is refused with a sentence, and each object is decoded once.
#include <string>
#include <vector>

#include "common/base/check.h"
#include "operator/kube/watch/line_splitter.h"
#include "operator/kube/watch/watch_event.h"
#include "tests/fuzz/cut.h"
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
  FeedInPieces(text, piece, [&](std::string_view part) {
    out.end = splitter.Feed(part, [&](std::string_view line) {
      out.lines.emplace_back(line);
      return true;
    });
    return out.end == LineSplitter::Fed::kMore;
  });
  return out;
}

// What is read of a line does not depend on whether the decoder tells the version.
struct Seen {
  bool ok = false, decoded = false, end_mark = false;
  std::string type, version, name, message;
  int calls = 0, code = 0;
  bool operator==(const Seen&) const = default;
};

Seen Read(JsonParser& parser, std::string_view line, bool gives_version) {
  static WatchEvent event;  // reused, as the reflector does
  Seen seen;
  const Status read = ReadWatchEvent(
      parser, line, event,
      [&](WatchEvent::Type type, JsonValue object, std::string& version) -> Status {
        TELLTALE_CHECK(type == event.type && event.brings_object() && version.empty());
        ++seen.calls;
        seen.name = ObjectName(object, gives_version ? &version : nullptr);
        if (seen.name == "?") return Fail(Code::kInvalid, "no name");
        return {};
      });
  TELLTALE_CHECK(seen.calls <= 1);
  seen.ok = read.ok();
  if (!read.ok()) {
    TELLTALE_CHECK(!read.error().message.empty());
    return Seen{};
  }
  TELLTALE_CHECK(!event.type_name.empty() && (seen.calls == 1) == event.brings_object());
  TELLTALE_CHECK(event.refusal.code >= 0 && event.refusal.retry_after_seconds >= 0);
  seen.decoded = event.decoded.ok();
  seen.end_mark = event.initial_events_end && !event.brings_object();
  seen.type = event.type_name;
  seen.version = event.resource_version;
  seen.message = event.refusal.message;
  seen.code = event.refusal.code;
  return seen;
}

}  // namespace

void FuzzOne(std::string_view text) {
  static JsonParser parser;
  const Lines whole = ReadInAnyPieces(text, Cut);
  for (const std::string& line : whole.lines) {
    TELLTALE_CHECK(!line.empty() && line.size() <= kMaxLine);
    TELLTALE_CHECK(line.find('\n') == std::string::npos);
    const Seen told = Read(parser, line, /*gives_version=*/true);
    const Seen found = Read(parser, line, /*gives_version=*/false);
    // More of a line is read when the version is looked for, so more of it can be malformed.
    if (told.ok && found.ok) TELLTALE_CHECK(told == found);
    const ApiRefusal refusal = ReadRefusal(parser, line);
    TELLTALE_CHECK(refusal.code >= 0 && refusal.retry_after_seconds >= 0);
  }
}

}  // namespace telltale
