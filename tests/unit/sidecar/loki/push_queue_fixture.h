// SPDX-License-Identifier: Apache-2.0
//
// A push queue on a clock that the test moves, and pushes that are told by the names of their
// pieces. Used by push_queue_test.cc and push_outcome_test.cc.
#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sidecar/loki/loki_encoder.h"
#include "sidecar/loki/push_queue.h"
#include "sidecar/loki/snappy_codec.h"
#include "tests/fakes/loki/push.h"

namespace telltale {

class PushQueueTest : public testing::Test {
 protected:
  using Kind = PushAnswer::Kind;
  using Millis = std::chrono::milliseconds;
  static constexpr std::int64_t kHour = 3'600'000'000'000, kNow = 100 * kHour;

  PushQueueTest() { SetTimes(std::chrono::hours(1)); }
  void SetTimes(std::chrono::seconds max_age, std::size_t max_bytes = 1 << 20) {
    queue_.SetTimes({Millis(100), Millis(1'000), max_age}, max_bytes);
  }

  // `lines` lines NAME-0, NAME-1, ... of the stream {s="STREAM"}.
  static PushBody Body(std::uint64_t stream, const std::string& name, std::string tenant = "",
                       int lines = 2, std::size_t line_bytes = 0) {
    StreamEncoder encoder;
    encoder.Begin("{s=\"" + std::to_string(stream) + "\"}");
    for (int i = 0; i < lines; ++i) {
      std::string line = name + "-" + std::to_string(i);
      // Text that snappy cannot make small.
      std::uint64_t state = stream * 977 + static_cast<std::uint64_t>(i) + 1;
      while (line.size() < line_bytes) {
        state = state * 6364136223846793005 + 1442695040888963407;
        line += static_cast<char>('!' + (state >> 57) % 90);
      }
      encoder.Add(kNow + i, line, false);
    }
    PushBody body;
    body.compressed = encoder.Finish();
    body.count = {static_cast<std::uint64_t>(lines), static_cast<std::uint64_t>(lines) * 10};
    body.stream = stream;
    body.newest = kNow;
    body.tenant = std::move(tenant);
    return body;
  }
  void Add(std::uint64_t sequence, std::uint64_t stream, const std::string& name,
           std::string tenant = "", bool replayed = false) {
    queue_.Add(sequence, {Body(stream, name, std::move(tenant))}, replayed);
  }

  // The names of the pieces in the next push, as in "a b"; else "+MS" until there may be one, or
  // "none".
  std::string Next() {
    auto turn = queue_.Next(now_, wall_);
    if (turn.push) {
      sent_ = turn.push->id;
      tenant_ = turn.push->tenant;
      return Names(turn.push->body);
    }
    if (!turn.due) return "none";
    return "+" + std::to_string(std::chrono::ceil<Millis>(*turn.due - now_).count());
  }
  static std::string Names(const std::string& body) {
    LokiPush push;
    push.body = body;
    push.content_type = "application/x-protobuf";
    DecodeLokiPush(push);
    EXPECT_TRUE(push.valid) << push.problem;
    std::string names;
    for (const LokiStream* stream : push.streams()) {
      const std::string& line = stream->entries.front().line;
      names += (names.empty() ? "" : " ") + line.substr(0, line.find('-'));
    }
    return names;
  }
  void Answer(PushAnswer answer) { Answer(sent_, std::move(answer)); }
  void Answer(std::uint64_t push, PushAnswer answer) {
    queue_.OnResponse(push, answer, now_);
    for (PushResult& result : queue_.TakeResults()) {
      switch (result.kind) {
        case PushResult::Kind::kDone:
          done_.push_back(result.sequence);
          break;
        case PushResult::Kind::kHeld:
          held_.insert(result.sequence);
          break;
        case PushResult::Kind::kReleased:
          released_.insert(result.sequence);
          break;
        case PushResult::Kind::kWanted:
          wanted_.push_back(result.sequence);
          break;
      }
      if (result.kind == PushResult::Kind::kDone) results_[result.sequence] = std::move(result);
    }
  }
  void Answer(Kind kind, Millis retry_after = Millis(0)) {
    PushAnswer answer;
    answer.kind = kind;
    answer.retry_after = retry_after;
    answer.reason = "because";
    Answer(answer);
  }
  static PushAnswer Stored() {
    PushAnswer answer;
    answer.kind = Kind::kStored;
    return answer;
  }
  void Pass(Millis time) { now_ += time; }
  // Collects what Add and Next told.
  void Listen() { Answer(0, {}); }

  PushQueue queue_{[] { return 0; }};  // no jitter
  SteadyTime now_ = SteadyTime() + std::chrono::hours(1);
  std::int64_t wall_ = kNow;
  std::uint64_t sent_ = 0;  // the push that Next gave
  std::string tenant_;      // of it
  std::vector<std::uint64_t> done_, wanted_;
  std::set<std::uint64_t> held_, released_;
  std::map<std::uint64_t, PushResult> results_;
};

}  // namespace telltale
