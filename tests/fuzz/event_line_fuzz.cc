// SPDX-License-Identifier: Apache-2.0
//
// An event of the API server, whose texts are anybody's: the line of it is one line of JSON.
#include "common/base/check.h"
#include "operator/reconcile/eventlog/event_line.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  std::string line, version;
  JsonParser parser;
  const Status read =
      parser.Parse(text, [&](JsonValue event) { return EventLine(event, version, line); });
  if (!read.ok()) return;
  TELLTALE_CHECK(line.find('\n') == std::string::npos);
  JsonParser again;
  TELLTALE_CHECK(again
                     .Parse(line,
                            [](JsonValue root) {
                              return root.ForEachField(
                                  [](std::string_view, JsonValue value) -> Status {
                                    TELLTALE_CHECK(value.String() || value.Int());
                                    return {};
                                  });
                            })
                     .ok());
}

}  // namespace telltale
