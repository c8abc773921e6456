// SPDX-License-Identifier: Apache-2.0
//
// One open generation of a log file: its descriptor, how far it has been read, and when which
// part of it was first seen. FileSet makes, refreshes and closes them; the pipeline's worker moves
// `next` forward. Both run on the worker's thread; nothing else touches them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "sidecar/discover/file_identity.h"
#include "sidecar/tail/file_bytes.h"
#include "sidecar/tail/partial_line.h"
#include "sidecar/tail/stream_times.h"

namespace telltale {

// When the file was first seen to have reached which size. A plain line gets the time of the
// first sighting that covers it, so a line read hours later, when Loki is back, still has the
// second it was written in.
class ArrivalTimes {
 public:
  static constexpr std::size_t kMax = 64;  // beyond it the two nearest are merged

  void Note(std::uint64_t size, std::int64_t wall, SteadyTime steady);
  // Forgets what covers only bytes before `offset`.
  void Drop(std::uint64_t offset);
  void Clear() { list_.clear(); }

  // The wall time of the sighting that covers the byte at `offset`; the last one's beyond it, 0
  // without any.
  std::int64_t WallAt(std::uint64_t offset) const;
  // When the oldest byte at or behind `offset` was seen; only when there is one.
  const SteadyTime* OldestSince(std::uint64_t offset) const;

 private:
  struct Arrival {
    std::uint64_t size;
    std::int64_t wall;
    SteadyTime steady;
  };
  std::vector<Arrival> list_;  // size and times ascend
};

struct TailedFile {
  std::uint64_t file_id = 0;  // the journal's number of this generation
  std::string path;           // the name it is shipped under: the first one it was seen at
  std::string directory;
  std::string found_at;    // where it lies; a rotated file may have been renamed since
  std::size_t source = 0;  // index into the sources
  FileBytes bytes;
  FileInfo info;          // as last refreshed
  Checkpoint checkpoint;  // what was read; checkpoint.offset is the next byte to read
  // While nothing was read: of what was seen last and first. They tell a truncation, and a copy
  // that was made before it.
  Checkpoint fingerprint, first_fingerprint;
  // While nothing is acknowledged: up to where an earlier process sent it. The text behind may be
  // cut off, which does not make it another file.
  Checkpoint sent;
  PartialLines carried_partial;  // comes before its first byte, from the generation before
  std::uint64_t searched = 0;    // no line end between checkpoint.offset and here
  bool rewritten = false;        // that part may have changed since it was searched
  bool partial = false;          // but a CRI line whose end may be in the next generation
  bool held = false;             // but a block of lines that may go on
  std::int64_t last_time = 0;    // the last time assigned to a line
  StreamTimes stream_times;      // of CRI lines, at checkpoint.offset
  std::string memory;            // of the pipeline's stages, at checkpoint.offset
  ArrivalTimes arrival_times;
  SteadyTime grown{};  // when its size last changed, or a part of it was filled
  // `grown`, when after the silence since then nothing without a line end was left to send.
  SteadyTime silence_used = SteadyTime::min();
  SteadyTime searched_since{};   // when the search for a line end last began at the checkpoint
  SteadyTime search_again_at{};  // not searched again before
  bool rotated = false;          // no wanted path leads to it any more
  bool waits = false;            // the next line is too young for what is in flight of the path
  int outstanding = 0;           // batches of it that are not answered yet
  SteadyTime retry_at{};         // not read before, after a read error
  SteadyTime failing_since{};    // the first of read errors in a row; never when there is none

  // What tells its content from that of other files.
  const Checkpoint& known() const {
    return checkpoint.offset > 0 ? checkpoint : sent.offset > 0 ? sent : fingerprint;
  }
  bool unread() const { return info.size > checkpoint.offset; }
};

}  // namespace telltale
