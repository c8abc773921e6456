// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/fakes/loki/store.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::int64_t kSecond = 1'000'000'000, kNow = 1'800'000'000 * kSecond;

LokiEntry Line(std::int64_t age_seconds, std::string line) {
  return {kNow - age_seconds * kSecond, std::move(line), {}};
}

LokiPush PushOf(std::vector<LokiEntry> entries, std::string labels = "{app=\"a\"}") {
  LokiPush push;
  push.tenant = "fake";
  push.labels = std::move(labels);
  push.entries = std::move(entries);
  push.valid = true;
  push.empty = false;
  return push;
}

std::vector<std::string> Texts(const LokiStore& store) {
  std::vector<std::string> out;
  for (const LokiEntry& entry : store.ByTime()) out.push_back(entry.line);
  return out;
}

TEST(LokiStore, ALineThatIsThereIsDroppedAndOneWithOtherMetadataIsNot) {
  LokiStore store{LokiLimits()};
  LokiEntry with = Line(5, "one");
  with.metadata["k"] = "v";
  EXPECT_EQ(store.Push(PushOf({Line(5, "one"), Line(5, "two"), Line(5, "one")}), kNow).status, 204);
  EXPECT_EQ(store.Push(PushOf({Line(5, "one"), with}), kNow).status, 204);
  EXPECT_THAT(Texts(store), ElementsAre("one", "two", "one"));
  EXPECT_EQ(store.duplicates(), 2u);
}

TEST(LokiStore, TheSameLabelsWrittenOtherwiseAreTheSameStream) {
  LokiStore store{LokiLimits()};
  store.Push(PushOf({Line(2, "one")}, "{a=\"x\\x41\", b=\"2\"}"), kNow);
  store.Push(PushOf({Line(1, "two")}, "{b=\"2\",a=\"xA\"}"), kNow);
  ASSERT_THAT(store.streams(), SizeIs(1));
  EXPECT_EQ(store.streams()[0].labels, "{a=\"xA\", b=\"2\"}");
}

TEST(LokiStore, LinesOlderThanAWeekOrInTheFutureAreRefusedAndTheOthersStored) {
  LokiStore store{LokiLimits()};
  auto verdict = store.Push(PushOf({Line(8 * 86'400, "old"), Line(1, "good")}), kNow);
  EXPECT_EQ(verdict.status, 400);
  EXPECT_THAT(verdict.body, HasSubstr("has timestamp too old: "));
  EXPECT_THAT(verdict.body, testing::Not(HasSubstr("errors like")));
  verdict = store.Push(PushOf({Line(8 * 86'400, "old"), Line(8 * 86'400, "old2"),
                               Line(-3'600, "new"), Line(0, "better")}),
                       kNow);
  EXPECT_THAT(verdict.body, HasSubstr("2 errors like: "));
  EXPECT_THAT(verdict.body, HasSubstr("; 1 errors like: "));
  EXPECT_THAT(Texts(store), ElementsAre("good", "better"));
}

TEST(LokiStore, AnHourBehindTheNewestLineOfItsStreamIsTooFarBehind) {
  LokiStore store{LokiLimits()};
  auto verdict = store.Push(PushOf({Line(0, "new"), Line(3'601, "late"), Line(3'599, "in")}), kNow);
  EXPECT_EQ(verdict.status, 400);
  EXPECT_THAT(verdict.body, HasSubstr("entry too far behind"));
  EXPECT_THAT(verdict.body, HasSubstr("total ignored: 1 out of 3 for stream: {app=\"a\"}"));
  EXPECT_EQ(store.Push(PushOf({Line(7'200, "other")}, "{app=\"b\"}"), kNow).status, 204);
  EXPECT_THAT(Texts(store), ElementsAre("other", "in", "new"));
}

TEST(LokiStore, AStreamAboveItsRateIsRefusedWholeAndOnlyIt) {
  LokiLimits limits;
  limits.stream_rate = 10;
  limits.stream_burst = 20;
  LokiStore store{limits};
  std::vector<LokiEntry> three = {Line(3, "0123456"), Line(2, "1123456"), Line(1, "2123456")};
  auto verdict = store.Push(PushOf(three), kNow);
  EXPECT_EQ(verdict.status, 429);
  EXPECT_THAT(verdict.body, HasSubstr("Per stream rate limit exceeded"));
  EXPECT_TRUE(Texts(store).empty());
  EXPECT_EQ(store.Push(PushOf({three[0], three[1]}), kNow).status, 204);
  EXPECT_EQ(store.Push(PushOf({three[2]}), kNow).status, 429);
  EXPECT_EQ(store.Push(PushOf({three[2]}, "{app=\"b\"}"), kNow).status, 204);
  EXPECT_EQ(store.Push(PushOf({three[2]}), kNow + kSecond).status, 204);
}

TEST(LokiStore, ATenantAboveItsBurstStoresNothing) {
  LokiLimits limits;
  limits.rate = 10;
  limits.burst = 10;
  LokiStore store{limits};
  EXPECT_EQ(store.Push(PushOf({Line(1, "01234567890")}), kNow).status, 429);
  EXPECT_EQ(store.Push(PushOf({Line(1, "0123456789")}), kNow).status, 204);
  EXPECT_EQ(store.Push(PushOf({Line(1, "0")}), kNow).status, 429);
}

TEST(LokiStore, LabelsBeyondTheLimitsAreRefusedWithTheirStream) {
  LokiStore store{LokiLimits()};
  EXPECT_EQ(store.Push(PushOf({Line(1, "x")}, "{}"), kNow).status, 400);
  EXPECT_EQ(store.Push(PushOf({Line(1, "x")}, "{a-b=\"c\"}"), kNow).status, 400);
  EXPECT_EQ(
      store.Push(PushOf({Line(1, "x")}, "{a=\"" + std::string(2'049, 'x') + "\"}"), kNow).status,
      400);
  EXPECT_TRUE(store.streams().empty());
}

TEST(LokiStore, ACondemnedLineIsRefusedEachTimeUnlessItIsThere) {
  LokiStore store{LokiLimits::None()};
  store.Push(PushOf({Line(9, "there")}), kNow);
  store.Condemn("fake", "{app=\"a\"}", Line(9, "there"));
  store.Condemn("fake", "{app=\"a\"}", Line(8, "never"));
  for (int i = 0; i < 2; ++i) {
    auto verdict = store.Push(PushOf({Line(9, "there"), Line(8, "never"), Line(7, "good")}), kNow);
    EXPECT_EQ(verdict.status, 400);
    EXPECT_THAT(verdict.body, HasSubstr("total ignored: 1 out of 3"));
  }
  EXPECT_THAT(Texts(store), ElementsAre("there", "good"));
  EXPECT_EQ(store.refused(), 1u);
}

LokiPush Streams(std::vector<LokiStream> streams) {
  LokiPush push = PushOf(streams[0].entries, streams[0].labels);
  push.more.assign(streams.begin() + 1, streams.end());
  return push;
}

TEST(LokiStore, ARepeatedLineIsDroppedInTheHeadBlockAndStoredAgainBehindIt) {
  LokiLimits limits = LokiLimits::None();
  limits.head_block = 100;
  LokiStore store{limits};
  const std::vector<LokiEntry> lines = {
      Line(4, std::string(40, 'a')), Line(3, std::string(40, 'b')), Line(2, std::string(40, 'c')),
      Line(1, std::string(40, 'd'))};
  store.Push(PushOf({lines[0], lines[1]}), kNow);
  store.Push(PushOf({lines[0], lines[1]}), kNow);
  EXPECT_EQ(store.duplicates(), 2u);
  store.Push(PushOf({lines[2], lines[3]}), kNow);  // the third fills the block
  store.Push(PushOf({lines[0], lines[3]}), kNow);
  EXPECT_EQ(store.stored_again(), 1u);  // the fourth is in the head block
  EXPECT_EQ(store.duplicates(), 3u);
  EXPECT_THAT(Texts(store), SizeIs(5));
}

TEST(LokiStore, TheLastLineOfAStreamIsKnownAlsoWhenItsBlockIsFull) {
  LokiLimits limits = LokiLimits::None();
  limits.head_block = 10;
  LokiStore store{limits};
  for (int i = 0; i < 2; ++i) store.Push(PushOf({Line(1, "0123456789")}), kNow);
  EXPECT_EQ(store.duplicates(), 1u);
  EXPECT_THAT(Texts(store), SizeIs(1));
}

TEST(LokiStore, WithoutABlockSizeRepeatsAreDroppedForEver) {
  LokiLimits limits = LokiLimits::None();
  limits.head_block = 0;
  LokiStore store{limits};
  const LokiEntry first = Line(9, std::string(300'000, 'a'));
  store.Push(PushOf({first, Line(8, std::string(300'000, 'b'))}), kNow);
  store.Push(PushOf({first}), kNow);
  EXPECT_EQ(store.stored_again(), 0u);
  EXPECT_EQ(store.duplicates(), 1u);
}

TEST(LokiStore, OfManyStreamsOnlyWhatIsWrongIsRefusedAndTheLastRefusalIsTold) {
  LokiStore store{LokiLimits()};
  store.Push(PushOf({Line(0, "new")}, "{app=\"a\"}"), kNow);
  store.Push(PushOf({Line(0, "new")}, "{app=\"b\"}"), kNow);
  const auto verdict = store.Push(
      Streams({{"{app=\"a\"}", {Line(7'200, "late"), Line(1, "fine a")}},
               {"{bad-name=\"x\"}", {Line(1, "lost")}},
               {"{app=\"b\"}", {Line(7'200, "late"), Line(7'201, "late 2"), Line(1, "fine b")}},
               {"{app=\"c\"}", {Line(8 * 86'400, "old"), Line(1, "fine c")}}}),
      kNow);
  EXPECT_EQ(verdict.status, 400);
  EXPECT_THAT(verdict.body, HasSubstr("total ignored: 2 out of 3 for stream: {app=\"b\"}"));
  EXPECT_THAT(verdict.body, testing::Not(HasSubstr("{app=\"a\"}")));
  EXPECT_THAT(Texts(store), ElementsAre("fine a", "fine b", "fine c", "new", "new"));
}

TEST(LokiStore, AStreamThatIsLimitedThisTimeKeepsNoOtherOut) {
  LokiStore store{LokiLimits::None()};
  const LokiPush push = Streams({{"{app=\"a\"}", {Line(2, "a")}}, {"{app=\"b\"}", {Line(1, "b")}}});
  const auto verdict = store.Push(push, kNow, 1);
  EXPECT_EQ(verdict.status, 429);
  EXPECT_THAT(verdict.body, HasSubstr("Per stream rate limit exceeded"));
  EXPECT_THAT(Texts(store), ElementsAre("a"));
  EXPECT_EQ(store.Push(push, kNow).status, 204);
  EXPECT_THAT(Texts(store), ElementsAre("a", "b"));
}

TEST(LokiStore, Loki22TakesAStreamInTheOrderOfTimeOnly) {
  LokiStore store{LokiLimits::Of22()};
  const std::vector<LokiEntry> lines = {Line(3, "one"), Line(2, "two"), Line(1, "three")};
  EXPECT_EQ(store.Push(PushOf(lines), kNow).status, 204);
  // Again: the last line is known as such, the others are out of order, and nothing is stored
  // twice.
  const auto verdict = store.Push(PushOf(lines), kNow);
  EXPECT_EQ(verdict.status, 400);
  EXPECT_THAT(verdict.body, HasSubstr("reason: 'entry out of order' for stream: {app=\"a\"},\n"));
  EXPECT_THAT(verdict.body, testing::EndsWith("total ignored: 2 out of 3\n"));
  EXPECT_EQ(store.Push(PushOf({Line(2, "late"), Line(0, "four")}), kNow).status, 400);
  EXPECT_EQ(store.Push(PushOf({Line(9, "other")}, "{app=\"b\"}"), kNow).status, 204);
  EXPECT_THAT(Texts(store), ElementsAre("other", "one", "two", "three", "four"));
  EXPECT_EQ(store.duplicates(), 3u);
}

TEST(LokiStore, Loki22StoresARepeatAgainThatBeginsANewChunk) {
  LokiLimits limits = LokiLimits::Of22();
  limits.head_block = 10;
  LokiStore store{limits};
  std::vector<LokiEntry> lines;
  for (int i = 0; i < 10; ++i) lines.push_back(Line(100 - i, "0123456789"));  // ten full blocks
  EXPECT_EQ(store.Push(PushOf(lines), kNow).status, 204);
  EXPECT_EQ(store.Push(PushOf({lines[3]}), kNow).status, 204);
  EXPECT_EQ(store.stored_again(), 1u);
  EXPECT_EQ(store.Push(PushOf({lines[2]}), kNow).status, 400);
}

TEST(LokiStore, Loki22DropsMetadataAndNamesOnlyTheLastWrongLine) {
  LokiStore store{LokiLimits::Of22()};
  LokiEntry with = Line(1, "fine");
  with.metadata["k"] = "v";
  const auto verdict =
      store.Push(PushOf({Line(8 * 86'400, "old"), Line(9 * 86'400, "older"), with}), kNow);
  EXPECT_EQ(verdict.status, 400);
  EXPECT_THAT(verdict.body, testing::Not(HasSubstr("errors like")));
  ASSERT_THAT(store.ByTime(), SizeIs(1));
  EXPECT_TRUE(store.ByTime()[0].metadata.empty());
}

}  // namespace
}  // namespace telltale
