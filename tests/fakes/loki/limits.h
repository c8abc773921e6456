// SPDX-License-Identifier: Apache-2.0
//
// The limits of a Loki, the checks of its first part (the distributor), and how it words what it
// refuses. Plain values and pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/fakes/loki/push.h"

namespace telltale {

// Loki 3's defaults. A limit of 0 is none.
struct LokiLimits {
  static LokiLimits None();
  // Loki 2.2.1, its defaults and its rules.
  static LokiLimits Of22();

  // The rules of Loki 2.2.1: a stream takes lines in the order of their times only, structured
  // metadata is dropped, no limit is on one stream, and a refusal names the last wrong line only.
  bool v22 = false;
  // A line that is stored already is dropped while it is in its stream's head block, which is cut
  // when it has so many bytes of lines. 0: it is never cut.
  std::size_t head_block = 256 << 10;
  std::int64_t oldest_seconds = 7 * 86'400;  // reject_old_samples_max_age
  std::int64_t newest_seconds = 600;         // creation_grace_period
  std::int64_t behind_seconds = 3'600;       // half of max_chunk_age
  std::size_t max_line = 256 << 10;
  std::size_t max_label_names = 15, max_label_name = 1024, max_label_value = 2048;
  bool need_labels = true;
  std::size_t max_streams = 5'000;
  std::size_t max_body = 100 << 20;
  // Bytes a second and at once: of a tenant, and of one stream.
  double rate = 4 << 20, burst = 6 << 20;
  double stream_rate = 3 << 20, stream_burst = 15 << 20;
};

struct LokiBucket {
  double tokens = -1;  // not used yet
  std::int64_t at = 0;
  // False when that many bytes are more than are free at `now`, in nanoseconds.
  bool Take(double wanted, double rate, double burst, std::int64_t now);
};

// What Loki 2.2.1 cannot read of a push that Loki 3 reads; nothing when it can.
std::optional<std::string> UnreadableBy22(const LokiPush& push);

// What is wrong with a stream's labels, and with a line of it; nothing when they may pass.
// `formatted` becomes the labels as Loki writes them.
std::optional<std::string> CheckLokiLabels(const LokiLimits& limits, const std::string& text,
                                           std::string& formatted);
std::optional<std::string> CheckLokiEntry(const LokiLimits& limits, const std::string& labels,
                                          const LokiEntry& entry, std::int64_t now);

// The distributor's refusals. Loki 3 says each sentence once, with how often; 2.2.1 says the last.
class LokiSentences {
 public:
  void Add(std::string sentence);
  bool empty() const { return sentences_.empty(); }
  std::string Text(const LokiLimits& limits) const;

 private:
  std::vector<std::pair<std::string, int>> sentences_;
  std::string last_;
};

// The ingester's refusals of one stream's lines: the first ten by name.
class LokiRefusals {
 public:
  LokiRefusals(const LokiLimits& limits, const std::string& tenant, const std::string& labels)
      : v22_(limits.v22), tenant_(tenant), labels_(labels) {}
  void Add(const LokiEntry& entry, const std::string& reason);
  std::size_t count() const { return count_; }
  std::string Text(std::size_t lines) const;

 private:
  const bool v22_;
  const std::string tenant_, labels_;
  std::string text_;
  std::size_t count_ = 0;
};

std::size_t LokiEntrySize(const LokiEntry& entry);
std::string LokiTime(std::int64_t nanos);  // RFC 3339, to the second

}  // namespace telltale
