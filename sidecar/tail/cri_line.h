// SPDX-License-Identifier: Apache-2.0
//
// One line of the CRI log format, as the kubelet's runtimes write it:
//   2026-11-21T01:02:03.123456789Z stdout F the message
// In sidecar/podlog's own files the stream is "-", as the API server does not tell it.
// Pure, thread-safe, no allocation; fuzzed. Called for each line by EntryDecoder.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace telltale {

enum class LogStream : std::uint8_t { kNone, kStdout, kStderr };

struct CriLine {
  std::int64_t time = 0;  // nanoseconds since the epoch
  LogStream stream = LogStream::kNone;
  bool partial = false;  // tag P: the line goes on in the next one of the same stream
  std::string_view content;
};

// The second that was parsed last: lines come in bunches of the same one. Of one caller.
struct CriSecond {
  std::array<char, 20> text{};  // up to the point, none before the first line
  std::int64_t nanos = 0;
};

// Nothing when the line does not have the form, or its time is not one Loki could take. With
// `second`, the same a little faster.
std::optional<CriLine> ParseCriLine(std::string_view line, CriSecond* second = nullptr);

}  // namespace telltale
