// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "sidecar/pipeline/time/go_duration.h"
#include "tests/unit/sidecar/pipeline/stage_runner.h"

namespace telltale {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(TimestampStage, FudgesAfterTheLastGoodTimeAlsoInTheNextBatch) {
  StageRunner runner({{LogfmtSpec{{{"t", ""}}, ""}, TimestampSpec{"t", "Unix", {}, "", true}}});
  runner.Line("no time");
  EXPECT_EQ(runner.time(), kStageNow);
  runner.Line("t=1700000000");
  EXPECT_EQ(runner.time(), 1'700'000'000 * kSecond);
  runner.Line("t=x");
  EXPECT_EQ(runner.time(), 1'700'000'000 * kSecond + 1);
  EXPECT_EQ(runner.FailuresText(), "timestamp no_value 1 (no time), timestamp format 1 (x)");
  runner.NextBatch();
  runner.Line("t=x");
  EXPECT_EQ(runner.time(), 1'700'000'000 * kSecond + 2);
}

TEST(TimestampStage, EqualTimesGoUpByANanosecondSoThatLokiKeepsEqualLines) {
  StageRunner runner({{LogfmtSpec{{{"t", ""}}, ""}, TimestampSpec{"t", "Unix", {}, "", false}}});
  for (int i = 0; i < 3; ++i) {
    runner.Line("t=1700000000");
    EXPECT_EQ(runner.time(), 1'700'000'000 * kSecond + i);
  }
  runner.Line("skip");
  EXPECT_EQ(runner.time(), kStageNow);
}

TEST(TimestampStage, TriesTheFallbacksInTurn) {
  StageRunner runner(
      {{LogfmtSpec{{{"t", ""}}, ""}, TimestampSpec{"t", "RFC3339", {"UnixMs"}, "", true}}});
  runner.Line("t=1700000000123");
  EXPECT_EQ(runner.time(), 1'700'000'000'123'000'000);
}

TEST(LabelStages, MetadataTakesALabelAway) {
  StageRunner runner({{LogfmtSpec{{{"user", ""}}, ""}, LabelsSpec{{{"user", ""}}},
                       MetadataSpec{{{"a", "app"}, {"who", "user"}}}}});
  runner.Line("user=eve");
  EXPECT_EQ(runner.LabelsText(), "");
  EXPECT_EQ(runner.MetadataText(), "a=shop who=eve");
  runner.Line("none");
  EXPECT_EQ(runner.MetadataText(), "a=shop");
}

TEST(LabelsStage, ALineDoesNotSayWhichPodItComesFrom) {
  const Labels values{{"app", ""}, {"container", ""}, {"namespace", ""}, {"node", ""}, {"pod", ""}};
  const PipelineSpec spec{{LogfmtSpec{values, ""}, LabelsSpec{values}}};
  const std::string line = "namespace=kube-system pod=x container=x node=x app=x";
  StageRunner in_pod(
      spec, {},
      {{"app", "a"}, {"container", "c"}, {"namespace", "mine"}, {"node", "n"}, {"pod", "p"}});
  in_pod.Line(line);
  EXPECT_EQ(in_pod.LabelsText(), "app=x container=c namespace=mine node=n pod=p");
  StageRunner outside(spec);  // where no pod sets them, they are labels as all others
  outside.Line(line);
  EXPECT_EQ(outside.LabelsText(), "app=x container=x namespace=kube-system node=x pod=x");
}

TEST(MetadataStage, TheNamespaceStaysALabel) {
  StageRunner runner({{MetadataSpec{{{"namespace", ""}, {"pod", ""}}}}}, {},
                     {{"namespace", "mine"}, {"pod", "p"}});
  runner.Line("x");
  EXPECT_EQ(runner.LabelsText(), "namespace=mine");
  EXPECT_EQ(runner.MetadataText(), "namespace=mine pod=p");
}

TEST(LabelDropStage, LabelsGoAlsoThoseOfTheFile) {
  StageRunner runner({{LogfmtSpec{{{"user", ""}}, ""}, LabelsSpec{{{"user", ""}}},
                       LabelDropSpec{{"app", "user", "none"}}}});
  runner.Line("user=eve");
  EXPECT_EQ(runner.LabelsText(), "");
  runner.Line("x");
  EXPECT_EQ(runner.LabelsText(), "");
  EXPECT_EQ(CompileError({{LabelDropSpec{{"namespace"}}}}),
            "[0].labelDrop: must not drop the label namespace");
  EXPECT_EQ(CompileError({{LabelDropSpec{}}}), "[0].labelDrop: needs names: the labels that go");
}

TEST(LabelDropStage, AStageBehindItMayMakeTheLabelAgain) {
  StageRunner runner(
      {{LogfmtSpec{{{"v", ""}}, ""}, LabelDropSpec{{"app"}}, LabelsSpec{{{"app", "v"}}}}});
  runner.Line("v=other");
  EXPECT_EQ(runner.LabelsText(), "app=other");
}

TEST(DropStage, DropsWhenAllThatIsGivenHolds) {
  const auto dropped = [](DropSpec spec, std::string_view line, std::int64_t age = 0) {
    StageRunner runner({{LogfmtSpec{{{"a", ""}, {"b", ""}}, ""}, spec}});
    return runner.Line(line, kStageNow - age).starts_with("dropped");
  };
  EXPECT_TRUE(dropped({.expression = "debug"}, "a debug line"));
  EXPECT_FALSE(dropped({.expression = "^debug"}, "a debug line"));
  EXPECT_TRUE(dropped({.sources = {"a"}}, "a=1"));
  EXPECT_FALSE(dropped({.sources = {"a", "b"}}, "a=1"));
  EXPECT_TRUE(dropped({.sources = {"a", "b"}, .value = "1;2"}, "a=1 b=2"));
  EXPECT_FALSE(dropped({.sources = {"a"}, .value = "1"}, "a=12"));
  EXPECT_TRUE(dropped({.sources = {"a"}, .expression = "^1"}, "a=12"));
  EXPECT_TRUE(dropped({.older_than_ms = 60'000}, "x", 61 * kSecond));
  EXPECT_FALSE(dropped({.older_than_ms = 60'000}, "x", 60 * kSecond));
  EXPECT_TRUE(dropped({.longer_than = 3}, "four"));
  EXPECT_FALSE(dropped({.longer_than = 4}, "four"));
  StageRunner named({{DropSpec{.expression = "x", .reason = "mine"}}});
  EXPECT_EQ(named.Line("x"), "dropped: mine");
}

TEST(SampleStage, KeepsAboutItsRateAndAlwaysTheSameLines) {
  StageRunner runner({{SampleSpec{.rate = 0.25}}});
  std::vector<bool> first, second;
  for (auto* kept : {&first, &second}) {
    runner.Begin();
    for (int i = 0; i < 10'000; ++i) {
      kept->push_back(runner.Line("line " + std::to_string(i)) != "dropped: sampling_stage");
    }
  }
  EXPECT_EQ(first, second);
  EXPECT_NEAR(static_cast<double>(std::count(first.begin(), first.end(), true)), 2'500, 200);
  StageRunner all({{SampleSpec{.rate = 1}}}), none({{SampleSpec{.rate = 0}}});
  EXPECT_EQ(all.Line("x"), "x");
  EXPECT_EQ(none.Line("x"), "dropped: sampling_stage");
}

TEST(LimitStage, CountsByTheTimesOfTheLinesAndGoesOnInTheNextBatch) {
  StageRunner runner({{LimitSpec{.rate = 10, .burst = 2, .drop = true}}});
  const auto passes = [&](std::int64_t ms) {
    return runner.Line("x", kStageNow + ms * 1'000'000) == "x";
  };
  EXPECT_TRUE(passes(0));
  EXPECT_TRUE(passes(0));
  EXPECT_FALSE(passes(50));
  runner.NextBatch();
  EXPECT_FALSE(passes(99));
  EXPECT_TRUE(passes(101));
  EXPECT_FALSE(passes(102));
  EXPECT_TRUE(passes(10'000));
}

TEST(MetricsStage, CountsWhatItIsToldTo) {
  MetricSpec lines{.name = "lines", .match_all = true};
  MetricSpec bytes{
      .name = "bytes", .action = MetricSpec::Action::kAdd, .match_all = true, .count_bytes = true};
  MetricSpec errors{.name = "errors", .source = "level", .value = "error"};
  MetricSpec took{.name = "took", .type = MetricSpec::Type::kHistogram, .buckets = {0.1, 1}};
  MetricSpec depth{
      .name = "depth", .type = MetricSpec::Type::kGauge, .action = MetricSpec::Action::kSet};
  StageRunner runner({{LogfmtSpec{{{"level", ""}, {"took", ""}, {"depth", ""}}, ""},
                       MetricsStageSpec{{lines, bytes, errors, took, depth}}}});
  runner.Line("level=error took=50ms depth=3");
  runner.Line("level=info took=0.5 depth=4");
  runner.Line("took=2s");
  std::map<std::size_t, MetricDelta> found;
  for (const MetricDelta& delta : runner.run().metrics().series()) found[delta.metric] = delta;
  EXPECT_EQ(found[0].value, 3);
  EXPECT_EQ(found[0].labels, (Labels{{"app", "shop"}}));
  EXPECT_EQ(found[1].value, 29 + 27 + 7);
  EXPECT_EQ(found[2].value, 1);
  EXPECT_THAT(found[3].counts, testing::ElementsAre(1, 1, 1));
  EXPECT_DOUBLE_EQ(found[3].value, 2.55);
  EXPECT_TRUE(found[4].set);
  EXPECT_EQ(found[4].base, 4);
}

TEST(GoDuration, ReadsWhatGoReads) {
  double seconds = 0;
  EXPECT_TRUE(ParseGoDuration("1h2m3.5s", seconds));
  EXPECT_DOUBLE_EQ(seconds, 3723.5);
  EXPECT_TRUE(ParseGoDuration("-300us", seconds));
  EXPECT_DOUBLE_EQ(seconds, -0.0003);
  EXPECT_FALSE(ParseGoDuration("3", seconds));
  EXPECT_FALSE(ParseGoDuration("", seconds));
}

TEST(AlertStage, ALineThatMatchesIsAHit) {
  StageRunner runner({{AlertSpec{.name = "Panic", .expression = "^panic"}}});
  EXPECT_EQ(runner.Line("panic: x"), "panic: x");
  runner.Line("no");
  ASSERT_EQ(runner.run().alerts().size(), 1u);
  EXPECT_EQ(runner.run().alerts()[0].line, "panic: x");
  EXPECT_EQ(runner.run().alerts()[0].stream, (Labels{{"app", "shop"}}));
}

}  // namespace
}  // namespace telltale
