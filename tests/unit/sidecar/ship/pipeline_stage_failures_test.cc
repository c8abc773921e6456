// SPDX-License-Identifier: Apache-2.0
//
// Lines that stages cannot work on, in a whole pipeline: each is counted once for each stage and
// delivered all the same, whatever is configured, sent again or restarted meanwhile.
#include "sidecar/pipeline/pipeline.h"
#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

class StageFailurePipelineTest : public PipelineTest {
 protected:
  void Use(PipelineSpec spec) { sources_[0].pipeline = *Pipeline::Compile(spec); }
  double Failed(const std::string& stage, const std::string& reason) const {
    return Metric("stage_failures_total{reason=\"" + reason + "\",stage=\"" + stage + "\"}");
  }
  double Unmatched() const { return Metric("stage_unmatched_lines_total{stage=\"regex\"}"); }

  static constexpr double kNone = -1;  // there is no such series
};

RegexSpec Regex(const std::string& expression) { return {.expression = expression}; }
JsonSpec Json(const std::string& name, const std::string& source = "") {
  return {.expressions = {{name, ""}}, .source = source};
}
TimestampSpec Timestamp(const std::string& source) {
  return {.source = source, .format = "RFC3339"};
}

TEST_F(StageFailurePipelineTest, ARegexThatNeverMatchesCountsEveryLineAndStopsNone) {
  Use({{Regex("^(?P<level>[A-Z]+) ")}});
  Append("a.log", Numbers(0, 30));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Unmatched(), 30);
  EXPECT_EQ(Failed("regex", "unmatched"), kNone) << "it is no failure";
  EXPECT_EQ(loki_.lines(), NumberList(0, 30));
}

TEST_F(StageFailurePipelineTest, ARegexThatMatchesSomeLinesCountsTheOthers) {
  Use({{Regex("^(?P<n>1[0-9])$")}});
  Append("a.log", Numbers(0, 30));
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Unmatched(), 20);
}

TEST_F(StageFailurePipelineTest, ATimeThatCannotBeParsedAndOneThatIsNotThereAreTwoReasons) {
  Use({{Regex("^at (?P<at>\\S+)"), Timestamp("at")}});
  Append("a.log", "at 2026-11-30T01:02:03Z\nat noon\nat midnight\nno time\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("timestamp", "format"), 2);
  EXPECT_EQ(Failed("timestamp", "no_value"), 1);
  EXPECT_EQ(Unmatched(), 1);
  EXPECT_EQ(Metric("acked_lines_total"), 4);
}

TEST_F(StageFailurePipelineTest, ALineThatIsNoJsonIsCountedAndOneThatIsDroppedForItIsNot) {
  Use({{Json("level")}});
  Append("a.log", "{\"level\":\"info\"}\nplain\n{\"level\":\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), 2);
  EXPECT_EQ(Metric("acked_lines_total"), 3);

  JsonSpec strict = Json("level");
  strict.drop_malformed = true;
  Use({{strict}});
  pipeline_->Reconfigure(sources_, options_);
  Append("a.log", "not this one\n");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Metric("dropped_lines_total{reason=\"malformed_json\"}"), 1);
  EXPECT_EQ(Failed("json", "malformed"), 2);
}

TEST_F(StageFailurePipelineTest, TwoStagesOfOneKindCountEachForItself) {
  Use({{Json("inner"), Json("level", "inner")}});
  Append("a.log", "plain\n{\"inner\":\"text\"}\n{\"inner\":\"{}\"}\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), 2) << "line 1 in the first stage, line 2 in the second";
  Use({{Json("a"), Json("b")}});
  pipeline_->Reconfigure(sources_, options_);
  Append("a.log", "plain\n");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), 4) << "one line, two stages";
}

TEST_F(StageFailurePipelineTest, AfterAReloadTheCountersGoOnAndOnlyNewLinesCount) {
  Use({{Json("level")}});
  Append("a.log", "plain\n{}\nplain\n");
  Start();
  ASSERT_TRUE(Flush());
  const double before = Failed("json", "malformed");
  EXPECT_EQ(before, 2);
  pipeline_->Reconfigure(sources_, options_);  // the same again
  Append("a.log", "plain\n");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), before + 1);
  Use({{Regex("^(?P<x>y)$")}});  // other stages
  pipeline_->Reconfigure(sources_, options_);
  Append("a.log", "plain\n");
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), before + 1);
  EXPECT_EQ(Unmatched(), 1);
}

TEST_F(StageFailurePipelineTest, LinesThatAreSentAgainAreNotCountedAgain) {
  Use({{Json("level")}});
  loki_.SetDefault({503, "", ""});
  Append("a.log", "plain\nplain\n");
  Start();
  ASSERT_TRUE(WaitForMetric("requests_total{code=\"503\"}", 3));
  loki_.SetDefault({204, "", ""});
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), 2);
  Restart();  // everything was acknowledged: nothing is made anew
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), kNone);
}

TEST_F(StageFailurePipelineTest, StagesWithinAMatchCountOnlyTheLinesThatItSelects) {
  Use({{MatchSpec("{app=\"shop\"} |= \"plain\"", false, "", {{Json("level")}})}});
  Append("a.log", "plain 1\nother\nplain 2\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Failed("json", "malformed"), 2);
}

}  // namespace
}  // namespace telltale
