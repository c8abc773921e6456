// SPDX-License-Identifier: Apache-2.0
//
// One line of Docker's json-file log format, as dockerd writes it below /var/lib/docker/containers:
//   {"log":"the message\n","stream":"stdout","attrs":{..},"time":"2026-11-21T01:02:03.123456789Z"}
// A message longer than 16 KiB comes in parts: only the last one's "log" ends in \n. attrs is
// ignored. Pure, thread-safe; fuzzed. Called for each line by EntryDecoder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sidecar/tail/cri_line.h"

namespace telltale {

struct DockerLine {
  std::int64_t time = 0;  // nanoseconds since the epoch
  LogStream stream = LogStream::kNone;
  bool partial = false;      // the line goes on in the next one of the same stream
  std::string_view content;  // without the \n at its end; in the line or in `scratch`
};

// Nothing if the line is not of this form: all three of log, stream and time must be there, the
// stream be stdout or stderr, and nothing follow the object. `scratch` holds the content if it has
// escapes.
std::optional<DockerLine> ParseDockerLine(std::string_view line, std::string& scratch);

}  // namespace telltale
