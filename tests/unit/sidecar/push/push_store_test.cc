// SPDX-License-Identifier: Apache-2.0
#include "sidecar/push/push_store.h"

#include <gtest/gtest.h>

#include "common/exposition/text_parser.h"
#include "common/metrics/registry.h"
#include "sidecar/push/pushed_page.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

class PushStoreTest : public testing::Test {
 protected:
  static Labels Group(const std::string& job, Labels more = {}) {
    SetLabel(more, "job", job);
    return more;
  }
  // The error, or "".
  std::string Push(const Labels& group, const std::string& text, bool whole = false) {
    auto families = ParseText(text);
    EXPECT_TRUE(families.ok()) << families.error().message;
    limit_.clear();
    const Status status = store_.Push(group, *std::move(families), whole, limit_);
    return status.ok() ? "" : status.error().message;
  }
  // Lines of the page without comments, and without the times of pushes unless `times`.
  std::string Page(bool times = false) {
    std::string all, out;
    PageWriter writer({}, all);
    PushedPage page(store_.Page());
    registry_.Render(writer, &page);
    hidden_ = page.hidden();
    for (const std::string_view line : Split(all, '\n')) {
      if (line.empty() || line.starts_with('#')) continue;
      if (line.starts_with("push_") == times) out.append(line).append("\n");
    }
    return out;
  }

  FakeClock clock_;
  Registry registry_;
  PushStore store_{clock_, [this](std::string_view name) { return registry_.TypeOf(name); }};
  std::string limit_;
  std::size_t hidden_ = 0;
};

constexpr const char* kInconsistent =
    "pushed metrics are invalid or inconsistent with existing metrics: ";

TEST_F(PushStoreTest, PostReplacesFamiliesAndPutTheGroup) {
  EXPECT_EQ(Push(Group("j"), "m_a{x=\"1\"} 1\nm_b 2\n"), "");
  EXPECT_EQ(Push(Group("j"), "m_a{x=\"2\"} 3\n"), "");
  EXPECT_EQ(Page(), "m_a{instance=\"\",job=\"j\",x=\"2\"} 3\nm_b{instance=\"\",job=\"j\"} 2\n");
  EXPECT_EQ(Push(Group("k"), "m_b 5\n", true), "");
  EXPECT_EQ(Push(Group("j"), "m_b 4\n", true), "");
  EXPECT_EQ(Page(), "m_b{instance=\"\",job=\"j\"} 4\nm_b{instance=\"\",job=\"k\"} 5\n");
  EXPECT_EQ(Push(Group("j"), "", true), "");
  EXPECT_EQ(Page(), "m_b{instance=\"\",job=\"k\"} 5\n");
  EXPECT_EQ(store_.groups(), 2u);
  EXPECT_EQ(store_.series(), 1u);
}

TEST_F(PushStoreTest, LabelsOfTheGroupWinAndAnInstanceInTheBodyStays) {
  EXPECT_EQ(Push(Group("j", {{"a", "1"}}), "m{job=\"x\",a=\"2\",instance=\"i\"} 1\n"), "");
  EXPECT_EQ(Page(), "m{a=\"1\",instance=\"i\",job=\"j\"} 1\n");
  // Labels that the group makes equal.
  EXPECT_NE(Push(Group("k"), "m{job=\"x\"} 1\nm{job=\"y\"} 1\n").find("was collected before"),
            std::string::npos);
}

TEST_F(PushStoreTest, DeleteTakesOneGroupAlone) {
  Push(Group("j"), "m 1\n");
  Push(Group("j", {{"instance", "a"}}), "m 2\n");
  EXPECT_TRUE(store_.Delete(Group("j")));
  EXPECT_EQ(Page(), "m{instance=\"a\",job=\"j\"} 2\n");
  EXPECT_FALSE(store_.Delete(Group("j")));
  EXPECT_EQ(Page(true),
            "push_failure_time_seconds{instance=\"a\",job=\"j\"} 0\n"
            "push_time_seconds{instance=\"a\",job=\"j\"} " +
                Page(true).substr(Page(true).rfind(' ') + 1));
}

TEST_F(PushStoreTest, APushThatDoesNotFitChangesOnlyTheTimeOfTheFailure) {
  EXPECT_EQ(Push(Group("a"), "# TYPE m counter\nm 1\n"), "");
  EXPECT_EQ(
      Push(Group("b"), "# TYPE m gauge\nm 1.5\nn 1\n"),
      std::string(kInconsistent) +
          "collected metric \"m\" { label:<name:\"instance\" value:\"\" > label:<name:\"job\" "
          "value:\"b\" > gauge:<value:1.5 > } is not a COUNTER");
  EXPECT_EQ(Page(), "m{instance=\"\",job=\"a\"} 1\n");
  const std::string times = Page(true);
  EXPECT_NE(times.find("push_time_seconds{instance=\"\",job=\"b\"} 0\n"), std::string::npos);
  EXPECT_EQ(times.find("push_failure_time_seconds{instance=\"\",job=\"b\"} 0\n"),
            std::string::npos);
  EXPECT_NE(times.find("push_failure_time_seconds{instance=\"\",job=\"a\"} 0\n"),
            std::string::npos);
  // The group's own type may change.
  EXPECT_EQ(Push(Group("a"), "# TYPE m gauge\nm 2\n"), "");
  EXPECT_EQ(Push(Group("b"), "# TYPE m gauge\nm 1.5\n"), "");
}

TEST_F(PushStoreTest, SeriesAreComparedWithThoseOfGroupsThatMayHaveThem) {
  EXPECT_EQ(Push(Group("j"), "m{tag=\"v\"} 1\n"), "");
  // Other values of a label: their series are others, whatever they are called.
  EXPECT_EQ(Push(Group("k"), "m{tag=\"v\"} 1\n"), "");
  EXPECT_EQ(Push(Group("k"), "m{tag=\"v\"} 2\n"), "");
  // Its type is everybody's.
  EXPECT_NE(Push(Group("l"), "# TYPE m counter\nm 1\n").find("is not a"), std::string::npos);
  // A group with one label more may have the same series.
  Labels more = Group("j");
  SetLabel(more, "tag", "v");
  EXPECT_NE(Push(more, "m 3\n").find("was collected before"), std::string::npos);
  SetLabel(more, "tag", "w");
  EXPECT_EQ(Push(more, "m 3\n"), "");
}

TEST_F(PushStoreTest, RefusesTimestampsAndWhatTwoGroupsBothHave) {
  EXPECT_EQ(Push(Group("j"), "m 1 5\n"),
            std::string(kInconsistent) + "pushed metrics must not have timestamps");
  EXPECT_EQ(Push(Group("j", {{"tag", "v"}}), "m 1\n"), "");
  EXPECT_NE(Push(Group("j"), "m{tag=\"v\"} 2\n").find("was collected before"), std::string::npos);
  EXPECT_NE(Push(Group("j"), "x 1\nx 2\ny 1\ny 2\n").find("2 error(s) occurred:\n* collected"),
            std::string::npos);
  EXPECT_EQ(Page(), "m{instance=\"\",job=\"j\",tag=\"v\"} 1\n");
}

TEST_F(PushStoreTest, OneHelpOfTwoIsShownAndTimesOfPushesAreOurs) {
  Push(Group("a"), "m 1\n");
  Push(Group("b"),
       "# HELP m second\nm 2\npush_time_seconds 5\n# TYPE push_failure_time_seconds "
       "counter\npush_failure_time_seconds 7\n");
  std::string out;
  PageWriter writer({}, out);
  PushedPage page(store_.Page());
  page.WriteRest(writer);
  EXPECT_NE(out.find("# HELP m second\n# TYPE m untyped\nm{instance=\"\",job=\"a\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(Page(true).find(" 5\n"), std::string::npos);
  EXPECT_NE(Page(true).find("push_failure_time_seconds{instance=\"\",job=\"b\"} 0\n"),
            std::string::npos);
}

TEST_F(PushStoreTest, FamiliesOfTheSidecarAndOfJobsStandTogetherIfTheirTypesDo) {
  registry_.AddFloatCounter("process_cpu_seconds_total", "Ours.").Set(7);
  registry_.AddHistogram("h_seconds", "Ours.", {1});
  registry_.AddGauge("g_count", "Ours.");
  EXPECT_EQ(Push(Group("j"),
                 "# HELP process_cpu_seconds_total Theirs.\n"
                 "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 3\n"),
            "");
  EXPECT_EQ(Push(Group("j"), "process_cpu_seconds_total 3\n"),
            std::string(kInconsistent) +
                "gathered metric family process_cpu_seconds_total has type "
                "UNTYPED but should have COUNTER");
  EXPECT_NE(
      Push(Group("j"), "h_seconds_sum 1\n").find("collides with previously collected histogram"),
      std::string::npos);
  EXPECT_NE(Push(Group("j"), "# TYPE g summary\ng_sum 1\n").find("collides with previously"),
            std::string::npos);
  EXPECT_NE(Push(Group("j"), "{\"g.count\"} 1\n").find("a metric of the sidecar"),
            std::string::npos);
  std::string out;
  PageWriter writer({}, out);
  PushedPage page(store_.Page());
  registry_.Render(writer, &page);
  EXPECT_NE(out.find("# HELP process_cpu_seconds_total Ours.\n# TYPE process_cpu_seconds_total "
                     "counter\nprocess_cpu_seconds_total 7\n"
                     "process_cpu_seconds_total{instance=\"\",job=\"j\"} 3\n"),
            std::string::npos)
      << out;
}

TEST_F(PushStoreTest, AFamilyThatTheSidecarGetsLaterHidesAPushedOneOfAnotherType) {
  Push(Group("j"), "late 1\nother 2\n");
  registry_.AddGauge("late", "Ours.").Set(5);
  EXPECT_EQ(Page(), "late 5\nother{instance=\"\",job=\"j\"} 2\n");
  EXPECT_EQ(hidden_, 1u);
  registry_.Remove("late", {});
  EXPECT_EQ(Page(), "late{instance=\"\",job=\"j\"} 1\nother{instance=\"\",job=\"j\"} 2\n");
}

TEST_F(PushStoreTest, GroupsEndAfterTheirTimeAndAPushRenewsIt) {
  PushLimits limits;
  limits.expire_after = std::chrono::seconds(60);
  store_.SetLimits(limits);
  Push(Group("a"), "m 1\n");
  Push(Group("b"), "m 2\n");
  clock_.Advance(std::chrono::seconds(40));
  Push(Group("b"), "m 3\n");
  Push(Group("bad"), "m 3 4\n");
  clock_.Advance(std::chrono::seconds(20));
  EXPECT_EQ(Page(), "m{instance=\"\",job=\"b\"} 3\n");
  EXPECT_EQ(Page(true).find("job=\"a\""), std::string::npos);
  clock_.Advance(std::chrono::hours(24 * 40));
  EXPECT_EQ(Page(), "");
  EXPECT_EQ(Page(true), "");
  EXPECT_EQ(store_.series(), 0u);
}

TEST_F(PushStoreTest, LimitsRefuseWhatIsNewAndLetTheRestBeUpdated) {
  PushLimits limits;
  limits.max_series = 5;
  limits.max_groups = 2;
  store_.SetLimits(limits);
  EXPECT_EQ(Push(Group("a"), "m 1\nn 1\no 1\n"), "");
  EXPECT_EQ(Push(Group("b"), "m{x=\"1\"} 1\nm{x=\"2\"} 1\nm{x=\"3\"} 1\n"),
            "the push has 3 series, but of 5 that all groups may have 3 are taken");
  EXPECT_EQ(limit_, "series");
  EXPECT_EQ(Push(Group("b"), "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"),
            "the push has 4 series, but of 5 that all groups may have 3 are taken");
  EXPECT_EQ(
      Push(Group("c"), "m 1\n"),
      "there are 2 groups already, which is the limit: delete some, or push to one group again "
      "instead of to a new one each time");
  EXPECT_EQ(limit_, "groups");
  EXPECT_EQ(Push(Group("a"), "m 2\n"), "");
  EXPECT_EQ(Push(Group("b"), "m 1\nn 1\n"), "");
  EXPECT_EQ(store_.series(), 5u);
  EXPECT_TRUE(store_.Delete(Group("a")));
  EXPECT_EQ(Push(Group("c"), "m 1\n"), "");
}

}  // namespace
}  // namespace telltale
