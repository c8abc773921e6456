// SPDX-License-Identifier: Apache-2.0
//
// What one push to Loki says, decoded with the libraries of others (snappy, protozero, zlib,
// simdjson) and not with our own code, so that an error of ours is not its own judge. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace telltale {

struct LokiEntry {
  std::int64_t time = 0;  // nanoseconds since 1970
  std::string line;
  std::map<std::string, std::string> metadata;  // structured
  bool operator==(const LokiEntry&) const = default;
};

struct LokiStream {
  std::string labels;  // `{app="a", job="b"}`, as it came; from JSON in this form, too
  std::vector<LokiEntry> entries;
};

// A LokiStream itself: the first of the push.
struct LokiPush : LokiStream {
  std::vector<LokiStream> more;                // the others
  std::string target;                          // "POST /loki/api/v1/push"
  std::map<std::string, std::string> headers;  // names in lower case
  std::string content_type, tenant;
  std::string body;            // as on the wire
  bool valid = false;          // it could be decoded
  bool empty = true;           // it has no stream
  bool json_metadata = false;  // it is JSON, and a line of it has metadata
  std::string problem;         // why it could not
  std::chrono::steady_clock::time_point time{};

  std::vector<const LokiStream*> streams() const;
  // Of all streams together.
  std::size_t line_count() const;
  std::string Header(const std::string& lower_case_name) const;
};

// Fills streams, valid, empty and problem from body, content_type and headers.
void DecodeLokiPush(LokiPush& push);

// The labels as a map; false when Loki could not parse them either.
bool ParseLokiLabels(std::string_view text, std::map<std::string, std::string>& out);
std::string FormatLokiLabels(const std::map<std::string, std::string>& labels);

}  // namespace telltale
