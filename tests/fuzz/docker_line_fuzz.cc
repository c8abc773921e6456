// SPDX-License-Identifier: Apache-2.0
//
// Lines of Docker's json-file format, and of anything else: what is taken has a time and a stream,
// is never longer than the line, and says the same when it is written again.
#include <string>

#include "common/base/check.h"
#include "common/base/rfc3339.h"
#include "common/text/json_writer.h"
#include "sidecar/tail/docker_line.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    std::string scratch;
    const auto parsed = ParseDockerLine(line, scratch);
    if (!parsed) continue;
    TELLTALE_CHECK(parsed->content.size() <= line.size());
    TELLTALE_CHECK(parsed->stream != LogStream::kNone && parsed->time >= 0);
    std::string again;
    JsonWriter writer(&again);
    writer.BeginObject();
    writer.Field("log", std::string(parsed->content) + (parsed->partial ? "" : "\n"));
    writer.Field("stream", parsed->stream == LogStream::kStderr ? "stderr" : "stdout");
    writer.Field("time", FormatRfc3339(parsed->time, 9));
    writer.EndObject();
    std::string other;
    const auto same = ParseDockerLine(again, other);
    TELLTALE_CHECK(same && same->time == parsed->time && same->stream == parsed->stream);
  }
}

}  // namespace telltale
