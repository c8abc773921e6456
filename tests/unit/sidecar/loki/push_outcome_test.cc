// SPDX-License-Identifier: Apache-2.0
// What an answer to a push of many streams means: the one that is meant is found, the others go on.
#include "tests/unit/sidecar/loki/push_queue_fixture.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class PushOutcomeTest : public PushQueueTest {
 protected:
  // Answers every push by what `answer` says of the names in it, until nothing is due for `time`;
  // returns the number of pushes.
  template <typename AnswerOf>
  int Run(AnswerOf answer, Millis time = Millis(60'000)) {
    int pushes = 0;
    const SteadyTime end = now_ + time;
    while (now_ < end && pushes < 100'000) {
      const std::string next = Next();
      if (next == "none") break;
      if (next.starts_with("+")) {
        Pass(Millis(std::stoi(next.substr(1))));
        continue;
      }
      ++pushes;
      Answer(answer(" " + next + " "));
    }
    return pushes;
  }
  static PushAnswer Of(Kind kind) {
    PushAnswer answer;
    answer.kind = kind;
    answer.reason = "because";
    answer.maybe_stored = kind == Kind::kStreamLimited || kind == Kind::kRefused;
    return answer;
  }
};

TEST_F(PushOutcomeTest, ALimitedStreamIsFoundAndWaitsAloneWhileTheOthersGoOn) {
  for (std::uint64_t i = 1; i <= 100; ++i) Add(i, i, i == 37 ? "bad" : "good");
  auto limited = [](const std::string& names) {
    return Of(names.find(" bad ") != names.npos ? Kind::kStreamLimited : Kind::kStored);
  };
  int pushes = 0;
  while (done_.size() < 99) {
    ASSERT_LT(++pushes, 20);
    const std::string names = " " + Next() + " ";
    ASSERT_EQ(names.find('+'), names.npos) << "no waiting";
    Answer(limited(names));
  }
  EXPECT_THAT(held_, ElementsAre(37));
  Add(200, 1, "good");
  Add(201, 37, "bad");  // behind the one that waits
  EXPECT_EQ(Next(), "good");
  Answer(Kind::kStored);
  EXPECT_EQ(Next(), "+100");
  Pass(Millis(100));
  EXPECT_EQ(Next(), "bad");
  Answer(Kind::kStored);
  EXPECT_EQ(Next(), "bad");
  Answer(Kind::kStored);
  EXPECT_THAT(done_, SizeIs(102));
}

TEST_F(PushOutcomeTest, AThousandRefusedStreamsSlowNoOtherDown) {
  for (std::uint64_t i = 1; i <= 1'000; ++i) Add(i, i, "bad");
  auto answer = [](const std::string& names) {
    return Of(names.find(" bad ") != names.npos ? Kind::kStreamLimited : Kind::kStored);
  };
  Run(answer, Millis(3'000));
  EXPECT_THAT(held_, SizeIs(1'000));
  EXPECT_THAT(done_, IsEmpty());
  for (std::uint64_t i = 0; i < 50; ++i) {
    Add(2'000 + i, 5'000, "good");
    // Beside the one push in which a refused stream is tried, there is always room for it.
    std::string next = Next();
    if (next == "bad") next = Next();
    EXPECT_EQ(next, "good");
    Answer(Kind::kStored);
  }
}

TEST_F(PushOutcomeTest, WhenALimitIsLiftedAllArrive) {
  for (std::uint64_t i = 1; i <= 200; ++i) Add(i, i, "s");
  Run([](const std::string&) { return Of(Kind::kStreamLimited); }, Millis(5'000));
  EXPECT_THAT(held_, SizeIs(200));
  Run([](const std::string&) { return Of(Kind::kStored); });
  EXPECT_THAT(done_, SizeIs(200));
}

TEST_F(PushOutcomeTest, AStreamWhosePushesFailIsFoundAmongOthersThatSucceed) {
  for (std::uint64_t i = 1; i <= 40; ++i) Add(i, i, i % 20 == 3 ? "poison" : "good");
  auto answer = [](const std::string& names) {
    return Of(names.find(" poison ") != names.npos ? Kind::kRetry : Kind::kStored);
  };
  Run(answer, Millis(5'000));
  EXPECT_THAT(done_, SizeIs(38));
  for (std::uint64_t i = 0; i < 20; ++i) {
    Add(100 + i, 50, "good");
    std::string next = Next();
    if (next == "poison") {
      Answer(Kind::kRetry);
      next = Next();
    }
    EXPECT_EQ(next, "good");
    Answer(Kind::kStored);
  }
}

TEST_F(PushOutcomeTest, AfterAnOutageAllThatFailedIsTriedAtOnceAndInFewPushes) {
  for (std::uint64_t i = 1; i <= 500; ++i) Add(i, i, "s");
  const SteadyTime start = now_;
  while (now_ < start + std::chrono::minutes(10)) {
    const std::string next = Next();
    if (next.starts_with("+")) {
      Pass(Millis(std::stoi(next.substr(1))));
    } else {
      Answer(Kind::kRetry);
    }
  }
  while (Next().starts_with("+")) Pass(Millis(100));
  Answer(Kind::kStored);
  const SteadyTime back = now_;
  const int pushes = Run([](const std::string&) { return Of(Kind::kStored); });
  EXPECT_THAT(done_, SizeIs(500));
  EXPECT_LE(pushes, 20);
  EXPECT_EQ(now_, back);
}

TEST_F(PushOutcomeTest, ATenantThatFailsWhileAnotherSucceedsWaitsAlone) {
  for (std::uint64_t i = 1; i <= 5; ++i) Add(i, i, "sick", "a");
  auto answer = [](const std::string& names) {
    return Of(names.find("sick") != names.npos ? Kind::kRetry : Kind::kStored);
  };
  Add(10, 1, "well", "b");
  Run(answer, Millis(2'000));
  for (std::uint64_t i = 0; i < 20; ++i) {
    Add(100 + i, 1, "well", "b");
    const SteadyTime before = now_;
    std::string next = Next();
    for (int tries = 0; next.starts_with("sick") && tries < 5; ++tries) {
      Answer(Kind::kRetry);
      next = Next();
    }
    EXPECT_EQ(next, "well");
    EXPECT_EQ(now_, before);
    Answer(Kind::kStored);
  }
}

TEST_F(PushOutcomeTest, OnlyTheStreamThatIsNamedLosesLinesAndOnlyThose) {
  for (std::uint64_t i = 1; i <= 8; ++i) Add(i, i, i == 5 ? "late" : "good");
  Run([](const std::string& names) {
    PushAnswer answer = Of(names.find(" late ") != names.npos ? Kind::kRefused : Kind::kStored);
    answer.lost_lines = 1;
    answer.reason = "too_far_behind";
    return answer;
  });
  EXPECT_THAT(done_, SizeIs(8));
  for (const auto& [sequence, result] : results_) {
    EXPECT_EQ(result.acked, sequence == 5 ? (LineCount{1, 10}) : (LineCount{2, 20}));
    EXPECT_EQ(result.lost.size(), sequence == 5 ? 1u : 0u);
  }
}

TEST_F(PushOutcomeTest, LinesThatAnOldLokiHasAlreadyAreNotLost) {
  PushAnswer out_of_order = Of(Kind::kRefused);
  out_of_order.lost_lines = 2;
  out_of_order.reason = "too_far_behind";
  out_of_order.out_of_order = true;
  Add(1, 1, "again", "", /*replayed=*/true);
  Next();
  Answer(out_of_order);
  EXPECT_EQ(results_[1].acked, (LineCount{2, 20}));
  PushAnswer unknown = Of(Kind::kRetry);
  unknown.maybe_stored = true;
  Add(2, 1, "cut");
  Next();
  Answer(unknown);
  Pass(Millis(100));
  Next();
  Answer(out_of_order);
  EXPECT_EQ(results_[2].acked, (LineCount{2, 20}));
  PushAnswer after_closing = out_of_order;
  after_closing.sent_twice = true;
  Add(3, 1, "closed on");
  Next();
  Answer(after_closing);
  EXPECT_EQ(results_[3].acked, (LineCount{2, 20}));
  Add(4, 1, "late");
  Next();
  Answer(out_of_order);
  EXPECT_EQ(results_[4].lost["too_far_behind"], (LineCount{2, 20}));
}

TEST_F(PushOutcomeTest, ARefusalInUnknownWordsLosesNothingAndIsDividedToFindItsStream) {
  for (std::uint64_t i = 1; i <= 16; ++i) Add(i, i, i == 9 ? "odd" : "good");
  auto answer = [](const std::string& names) {
    return Of(names.find(" odd ") != names.npos ? Kind::kUnclear : Kind::kStored);
  };
  Run(answer, Millis(60'000));
  EXPECT_THAT(done_, SizeIs(15));
  for (const auto& [sequence, result] : results_) EXPECT_THAT(result.lost, IsEmpty());
  Run([](const std::string&) { return Of(Kind::kStored); });
  EXPECT_THAT(done_, SizeIs(16));
}

TEST_F(PushOutcomeTest, WhenEverythingIsRefusedInUnknownWordsNothingIsLost) {
  for (const auto kind : {Kind::kUnclear, Kind::kUnreadable}) {
    for (std::uint64_t i = 1; i <= 16; ++i) Add(i, i, "s");
    const int pushes = Run([&](const std::string&) { return Of(kind); }, Millis(600'000));
    EXPECT_LE(pushes, 700);
    EXPECT_THAT(done_, IsEmpty());
    Run([](const std::string&) { return Of(Kind::kStored); });
    EXPECT_THAT(done_, SizeIs(16));
    for (const auto& [sequence, result] : results_) EXPECT_THAT(result.lost, IsEmpty());
    done_.clear();
    results_.clear();
  }
}

TEST_F(PushOutcomeTest, OneLineThatCannotBeReadIsFoundAndLostAndTheOthersArrive) {
  for (std::uint64_t i = 1; i <= 4; ++i) queue_.Add(i, {Body(i, i == 3 ? "odd" : "good", "", 8)});
  std::uint64_t odd = 0;
  // The answer depends on the line odd-5, wherever it is.
  while (done_.size() < 4 && odd < 200) {
    ++odd;
    auto turn = queue_.Next(now_, wall_);
    if (!turn.push) {
      if (turn.due) now_ = *turn.due;
      continue;
    }
    const auto raw = SnappyUncompress(turn.push->body);
    ASSERT_TRUE(raw.has_value());
    const bool bad = raw->find("odd-5") != raw->npos;
    PushAnswer answer = Of(bad ? Kind::kUnreadable : Kind::kStored);
    answer.reason = "invalid_push";
    PushQueueTest::Answer(turn.push->id, answer);
  }
  EXPECT_THAT(done_, SizeIs(4));
  EXPECT_EQ(results_[3].lost["invalid_push"], (LineCount{1, 10}));
  EXPECT_EQ(results_[3].acked, (LineCount{7, 70}));
}

TEST_F(PushOutcomeTest, AStreamWhoseLabelsAreRefusedIsHeldAndNotLost) {
  for (std::uint64_t i = 1; i <= 8; ++i) Add(i, i, i == 2 ? "labels" : "good");
  auto answer = [](const std::string& names) {
    return Of(names.find(" labels ") != names.npos ? Kind::kStreamRefused : Kind::kStored);
  };
  Run(answer, Millis(30'000));
  EXPECT_THAT(done_, SizeIs(7));
  EXPECT_THAT(held_, ElementsAre(2));
  Run([](const std::string&) { return Of(Kind::kStored); });
  EXPECT_THAT(done_, SizeIs(8));
}

TEST_F(PushOutcomeTest, AStoreWithoutMetadataGetsTheLinesWithoutIt) {
  StreamEncoder encoder;
  encoder.Begin("{a=\"b\"}");
  encoder.Add(kNow, "cut-0", true);
  const MetadataPair id{"id", "7"};
  encoder.Add(kNow + 1, "told-0", false, {&id, 1});
  PushBody body{encoder.Finish(), {2, 20}, 1, kNow};
  queue_.Add(1, {body});
  Next();
  Answer(Kind::kNoMetadata);
  auto turn = queue_.Next(now_, wall_);
  ASSERT_TRUE(turn.push.has_value());
  LokiPush push;
  push.body = turn.push->body;
  push.content_type = "application/x-protobuf";
  DecodeLokiPush(push);
  ASSERT_TRUE(push.valid);
  ASSERT_THAT(push.entries, SizeIs(2));
  for (const LokiEntry& entry : push.entries) EXPECT_THAT(entry.metadata, IsEmpty());
  EXPECT_EQ(push.entries[1].line, "told-0");
  Answer(turn.push->id, Stored());
  EXPECT_EQ(results_[1].acked, (LineCount{2, 20}));
}

TEST_F(PushOutcomeTest, APushAboveALimitIsDividedUntilItFitsAndKeepsItsOrder) {
  queue_.Add(1, {Body(1, "a", "", 4), Body(2, "b", "", 4)});
  std::vector<std::string> lines;
  while (done_.empty()) {
    auto turn = queue_.Next(now_, wall_);
    ASSERT_TRUE(turn.push.has_value());
    if (turn.push->lines > 2) {
      PushQueueTest::Answer(turn.push->id, Of(Kind::kTooLarge));
      continue;
    }
    LokiPush push;
    push.body = turn.push->body;
    push.content_type = "application/x-protobuf";
    DecodeLokiPush(push);
    for (const LokiEntry& entry : push.entries) lines.push_back(entry.line);
    PushQueueTest::Answer(turn.push->id, Of(Kind::kStored));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const std::string& a, const std::string& b) { return a[0] < b[0]; });
  EXPECT_THAT(lines, ElementsAre("a-0", "a-1", "a-2", "a-3", "b-0", "b-1", "b-2", "b-3"));
  EXPECT_EQ(results_[1].acked, (LineCount{8, 80}));
}

TEST_F(PushOutcomeTest, OneLineThatIsTooLargeAloneIsLostAndTheOthersArrive) {
  queue_.Add(1, {Body(1, "a", "", 4)});
  while (done_.empty()) {
    auto turn = queue_.Next(now_, wall_);
    ASSERT_TRUE(turn.push.has_value());
    const bool large = SnappyUncompress(turn.push->body)->find("a-2") != std::string::npos;
    PushAnswer answer = Of(large ? Kind::kTooLarge : Kind::kStored);
    answer.reason = "too_large";
    PushQueueTest::Answer(turn.push->id, answer);
  }
  EXPECT_EQ(results_[1].acked, (LineCount{3, 30}));
  EXPECT_EQ(results_[1].lost["too_large"], (LineCount{1, 10}));
}

TEST_F(PushOutcomeTest, AfterThreeLimitsATenantsPushIsDivided) {
  SetTimes(std::chrono::hours(1));
  for (std::uint64_t i = 1; i <= 4; ++i) Add(i, i, "s");
  std::vector<std::string> pushes;
  for (int i = 0; i < 4; ++i) {
    while (true) {
      const std::string next = Next();
      if (!next.starts_with("+")) {
        pushes.push_back(next);
        break;
      }
      Pass(Millis(std::stoi(next.substr(1))));
    }
    Answer(Kind::kTenantLimited);
  }
  EXPECT_THAT(pushes, ElementsAre("s s s s", "s s s s", "s s s s", "s s"));
}

TEST_F(PushOutcomeTest, APushOfAStreamAboveItsBurstIsSplit) {
  PushBody body = Body(1, "a", "", 4);
  body.count.bytes = 100'000;
  queue_.Add(1, {body});
  for (int i = 0; i < 3; ++i) {
    Next();
    Answer(Kind::kStreamLimited);
    Pass(Millis(1'000));
  }
  Next();
  Answer(Kind::kStored);
  EXPECT_THAT(done_, IsEmpty());
  Next();
  Answer(Kind::kStored);
  EXPECT_EQ(results_[1].acked, (LineCount{4, 100'000}));
}

}  // namespace
}  // namespace telltale
