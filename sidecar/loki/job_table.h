// SPDX-License-Identifier: Apache-2.0
//
// The batches that were submitted and are not finished: how many of their pieces are still to be
// settled, what became of the others, and what the worker was told. Part of PushQueue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sidecar/loki/push_body.h"

namespace telltale {

class JobTable {
 public:
  // A stream of a tenant.
  using Stream = std::pair<std::string, std::uint64_t>;

  struct Job {
    std::map<Stream, std::size_t> open;  // pieces that are not settled, by stream
    std::set<Stream> split;              // of one piece several were made
    std::vector<std::uint64_t> settled;  // streams that are done
    LineCount acked;
    Losses lost;
    std::size_t bytes = 0;  // of the open pieces that are in memory
    bool held = false;      // the worker was told that it waits
    bool away = false;      // its bytes were let go
    bool wanted = false;    // and are asked for
  };

  void Add(std::uint64_t sequence) { jobs_[sequence]; }
  void AddPiece(std::uint64_t sequence, const Stream& stream, std::size_t bytes);
  // One piece became several, which together have `bytes`.
  void Split(std::uint64_t sequence, const Stream& stream, std::size_t before, std::size_t bytes);

  // A piece was made smaller.
  void Resize(std::uint64_t sequence, std::size_t before, std::size_t bytes);

  void Ack(std::uint64_t sequence, const LineCount& count);
  void Lose(std::uint64_t sequence, std::string_view reason, const LineCount& count);
  // A piece needs no more pushes. The job ends with its last one.
  void Settle(std::uint64_t sequence, const Stream& stream, std::size_t bytes);
  // The job ends now if it has no pieces.
  void EndIfEmpty(std::uint64_t sequence);
  // Tells the worker, once, that the job waits while others go on.
  void Hold(std::uint64_t sequence);
  // The bytes of its pieces are let go; asked for; back.
  void Release(std::uint64_t sequence);
  void Want(std::uint64_t sequence);
  void Refilled(std::uint64_t sequence, std::size_t bytes);

  const std::map<std::uint64_t, Job>& jobs() const { return jobs_; }
  std::size_t held_bytes() const { return held_bytes_; }
  bool has_results() const { return !results_.empty(); }
  // What is to be told since the last call.
  std::vector<PushResult> TakeResults() { return std::exchange(results_, {}); }

 private:
  void End(std::map<std::uint64_t, Job>::iterator job);
  void SetBytes(Job& job, std::size_t bytes);
  PushResult& Tell(std::uint64_t sequence, PushResult::Kind kind);

  std::map<std::uint64_t, Job> jobs_;  // by sequence
  std::size_t held_bytes_ = 0;
  std::vector<PushResult> results_;
};

}  // namespace telltale
