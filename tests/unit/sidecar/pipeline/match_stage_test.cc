// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "tests/unit/sidecar/pipeline/stage_runner.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

// True if a line with these values as labels, beside app="shop", is dropped.
bool Drops(std::string_view selector, std::string_view line) {
  StageRunner runner({{LogfmtSpec{{{"level", ""}}, ""}, LabelsSpec{{{"level", ""}}},
                       MatchSpec(std::string(selector), true, "mine", {})}});
  return runner.Line(line) == "dropped: mine";
}

std::string SelectorError(std::string_view selector) {
  return CompileError({{MatchSpec(std::string(selector), true, "r", {})}});
}

TEST(MatchStage, SelectsByLabels) {
  EXPECT_TRUE(Drops(R"({app="shop"})", "x"));
  EXPECT_FALSE(Drops(R"({app="sho"})", "x"));
  EXPECT_TRUE(Drops(R"({app!="bank"})", "x"));
  EXPECT_TRUE(Drops(R"({level="debug"})", "level=debug"));
  EXPECT_FALSE(Drops(R"({level="debug"})", "level=info"));
  EXPECT_FALSE(Drops(R"({level="debug"})", "none"));
  EXPECT_TRUE(Drops(R"({level=""})", "none"));
  EXPECT_TRUE(Drops(R"({level!="debug"})", "none"));
  EXPECT_TRUE(Drops(R"({level=~"de.*|trace"})", "level=debug"));
  EXPECT_FALSE(Drops(R"({level=~"de"})", "level=debug")) << "a label is matched as a whole";
  EXPECT_FALSE(Drops(R"({level!~"debug|info"})", "level=info"));
  EXPECT_TRUE(Drops(R"({app="shop", level=~".+",})", "level=info"));
  EXPECT_FALSE(Drops(R"({app="shop",level="x"})", "level=info"));
  EXPECT_TRUE(Drops("{app=`shop`}", "x"));
}

TEST(MatchStage, SelectsByTheTextOfTheLine) {
  EXPECT_TRUE(Drops(R"({app="shop"} |= "health")", "GET /healthz"));
  EXPECT_FALSE(Drops(R"({app="shop"} |= "health")", "GET /"));
  EXPECT_TRUE(Drops(R"({app="shop"} != "health")", "GET /"));
  EXPECT_TRUE(Drops(R"({} |~ "^GET")", "GET /"));
  EXPECT_FALSE(Drops(R"({} |~ "^GET" !~ "z$")", "GET /healthz"));
  EXPECT_TRUE(Drops(R"({app="shop"}|="a"|="b")", "b a"));
  EXPECT_FALSE(Drops(R"({app="shop"}|="a"|="b")", "a"));
  EXPECT_TRUE(Drops("{} |= `a\"b`", "a\"b"));
}

TEST(MatchStage, RunsItsStagesOnSelectedLinesOnly) {
  StageRunner runner({{MatchSpec(R"({app="shop"} |= "{")", false, "",
                                 {{JsonSpec{{{"msg", ""}, {"level", ""}}, "", false}},
                                  {LabelsSpec{{{"level", ""}}}},
                                  {DropSpec{.sources = {"level"}, .value = "debug"}},
                                  {OutputSpec{"msg"}}}),
                       LabelDropSpec{{"app"}}}});
  EXPECT_EQ(runner.Line(R"({"level":"info","msg":"hello"})"), "hello");
  EXPECT_EQ(runner.LabelsText(), "level=info");
  EXPECT_EQ(runner.Line("plain"), "plain");
  EXPECT_EQ(runner.LabelsText(), "");
  EXPECT_EQ(runner.Line(R"({"level":"debug"})"), "dropped: drop_stage");
  EXPECT_EQ(runner.FailuresText(), "");
}

TEST(MatchStage, LabelsOfEarlierStagesAreSeenAndMatchesNest) {
  StageRunner runner({{LogfmtSpec{{{"level", ""}, {"kind", ""}}, ""}, LabelsSpec{{{"level", ""}}},
                       MatchSpec(R"({level="error"})", false, "",
                                 {{LabelsSpec{{{"kind", ""}}}},
                                  {MatchSpec(R"({kind="io"})", true, "io_errors", {})}})}});
  EXPECT_EQ(runner.Line("level=error kind=io"), "dropped: io_errors");
  EXPECT_EQ(runner.Line("level=error kind=cpu"), "level=error kind=cpu");
  EXPECT_EQ(runner.LabelsText(), "app=shop kind=cpu level=error");
  EXPECT_EQ(runner.Line("level=info kind=io"), "level=info kind=io");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=info");
}

TEST(MatchStage, ARemovedLabelIsNotThere) {
  StageRunner runner({{LabelDropSpec{{"app"}}, MatchSpec(R"({app=""})", true, "gone", {})}});
  EXPECT_EQ(runner.Line("x"), "dropped: gone");
}

TEST(MatchStage, ItsStagesRememberFromBatchToBatch) {
  StageRunner runner(
      {{MatchSpec(R"({} |= "x")", false, "", {{LimitSpec{.rate = 1, .burst = 1, .drop = true}}})}});
  EXPECT_EQ(runner.Line("x"), "x");
  runner.NextBatch();
  EXPECT_EQ(runner.Line("y"), "y");
  EXPECT_EQ(runner.Line("x"), "dropped: ratelimit_drop_stage");
}

TEST(MatchStage, WhatIsWrongIsSaid) {
  EXPECT_THAT(SelectorError(""), HasSubstr("[0].match: needs a selector such as"));
  EXPECT_THAT(SelectorError("app=\"x\""),
              HasSubstr("selector: does not begin with {: write it as"));
  EXPECT_THAT(SelectorError("{}"), HasSubstr("selects every line"));
  EXPECT_THAT(SelectorError("{app}"), HasSubstr("has a label without an operator"));
  EXPECT_THAT(SelectorError("{app=x}"), HasSubstr("without a text in quotes behind it"));
  EXPECT_THAT(SelectorError("{app=\"x\""), HasSubstr("has no } behind its labels"));
  EXPECT_THAT(SelectorError("{1a=\"x\"}"), HasSubstr("that is no label"));
  EXPECT_THAT(SelectorError("{app=~\"(\"}"), HasSubstr("must be an RE2 regular expression"));
  EXPECT_THAT(SelectorError("{app=\"x\"} | json"), HasSubstr("that is no filter of the line"));
  EXPECT_THAT(CompileError({{MatchSpec("{a=\"x\"}", false, "", {})}}),
              HasSubstr("needs stages, or the action drop"));
  EXPECT_THAT(CompileError({{MatchSpec("{a=\"x\"}", true, "r", {{OutputSpec{"x"}}})}}),
              HasSubstr("takes stages only with the action keep"));
  EXPECT_EQ(
      CompileError(
          {{MatchSpec("{a=\"x\"}", false, "", {{OutputSpec{"x"}}, {RegexSpec{"(", ""}}})}}),
      "[0].match: stages[1].regex: expression: must be an RE2 regular expression: missing ): (");
  EXPECT_THAT(CompileError({{MatchSpec("{a=\"x\"}", false, "", {{MultilineSpec{"x"}}})}}),
              HasSubstr("stages[0].multiline: must be the first stage of the pipeline"));
  EXPECT_THAT(CompileError({{MatchSpec("{a=\"x\"}", false, "", {{LimitSpec{1, 1, false}}})}}),
              HasSubstr("stages[0].limit: takes only drop: true"));
}

}  // namespace
}  // namespace telltale
