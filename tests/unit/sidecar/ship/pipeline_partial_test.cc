// SPDX-License-Identifier: Apache-2.0
// Lines of the CRI format whose parts are spread over rotations, restarts and losses.
#include <gmock/gmock.h>

#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

using testing::ElementsAre;

class PipelinePartialTest : public PipelineTest {
 protected:
  static std::string Cri(const std::string& tag, const std::string& text,
                         const std::string& stream = "stdout") {
    static int second = 0;
    std::string nanos = std::to_string(1'000'000'000 + ++second).substr(1);
    return "2026-11-21T01:02:03." + nanos + "Z " + stream + " " + tag + " " + text + "\n";
  }
};

TEST_F(PipelinePartialTest, APartBeforeARotationIsJoinedWithItsEndBehindIt) {
  Start();
  Append("a.log", Cri("F", "zero") + Cri("P", "one "));
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("zero"));
  Rename("a.log", "a.log.1");
  Append("a.log", Cri("F", "two") + Cri("F", "three"));
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("zero", "one two", "three"));
  EXPECT_EQ(Metric("pending_bytes"), 0);
}

TEST_F(PipelinePartialTest, APartThatWaitsForItsEndIsNoLineThatWaitsForLoki) {
  Start();
  Append("a.log", Cri("F", "zero") + Cri("P", "one "));
  Append("b.log", "a whole line\na prompt: ");
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), testing::UnorderedElementsAre("zero", "a whole line"));
  EXPECT_EQ(Metric("oldest_unacked_age_seconds"), 0);
}

TEST_F(PipelinePartialTest, ALineMayBeSpreadOverSeveralGenerationsThatAreFoundAtOnce) {
  Append("a.log", Cri("P", "one "));
  Start();
  ASSERT_TRUE(Flush());
  Rename("a.log", "a.log.1");
  Append("a.log", Cri("P", "two ") + Cri("F", "err", "stderr"));
  ASSERT_TRUE(Flush());
  Rename("a.log.1", "a.log.2");
  Rename("a.log", "a.log.1");
  Append("a.log", Cri("F", "three"));
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), testing::UnorderedElementsAre("err", "one two three"));
}

TEST_F(PipelinePartialTest, EachStreamHasItsOwnPart) {
  Start();
  Append("a.log", Cri("P", "out ") + Cri("P", "err ", "stderr"));
  ASSERT_TRUE(Flush());
  Rename("a.log", "a.log.1");
  Append("a.log", Cri("F", "err", "stderr") + Cri("F", "out"));
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), testing::UnorderedElementsAre("out out", "err err"));
}

TEST_F(PipelinePartialTest, AfterACrashBehindTheCarryOverThePartIsNeitherLostNorSentTwice) {
  loki_.GoDown();
  Append("a.log", Cri("P", "one "));
  Start();
  ASSERT_TRUE(WaitForMetric("files", 1));
  Rename("a.log", "a.log.1");
  Append("a.log", Cri("F", "two"));
  ASSERT_TRUE(WaitForMetric("pending_lines", 1));  // handed over, and on its way
  Crash();
  // The generation that had the part is gone when the next start looks.
  std::filesystem::remove(Log("a.log.1"));
  loki_.ComeBack();
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one two"));
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("one two"));
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(PipelinePartialTest, ARestartBetweenThePartsJoinsThemAllTheSame) {
  Append("a.log", Cri("F", "zero") + Cri("P", "one "));
  Start();
  ASSERT_TRUE(Flush());
  Crash();
  Rename("a.log", "a.log.1");
  Append("a.log", Cri("F", "two"));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("zero", "one two"));
}

TEST_F(PipelinePartialTest, APartWithoutASuccessorGoesOutAloneWhenItsWriterIsQuiet) {
  Start();
  Append("a.log", Cri("P", "one"));
  ASSERT_TRUE(Flush());
  Rename("a.log", "a.log.1");
  ASSERT_TRUE(loki_.WaitForPushes(1));
  EXPECT_THAT(loki_.lines(), ElementsAre("one"));
}

}  // namespace
}  // namespace telltale
