// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/log_metrics.h"

#include <gmock/gmock.h>

#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Type = MetricSpec::Type;

LogSource SourceOf(std::vector<MetricSpec> metrics) {
  LogSource source;
  if (!metrics.empty())
    source.pipeline = *Pipeline::Compile({{MetricsStageSpec{std::move(metrics)}}});
  return source;
}

MetricSpec Metric(std::string name, Type type = Type::kCounter, std::vector<double> buckets = {}) {
  return {.name = std::move(name), .type = type, .buckets = std::move(buckets)};
}

// LogMetrics with the part of the journal that it works with.
class LogMetricsTest : public testing::Test {
 protected:
  void Configure(const std::vector<LogSource>& sources) {
    for (const SeriesName& gone : metrics_.Configure(sources, totals_)) totals_.erase(gone);
  }
  void Count(const std::string& metric, const Labels& labels, double value = 1,
             std::vector<std::uint64_t> counts = {}) {
    std::vector<SeriesDelta> deltas = {
        {{"telltale_custom_" + metric, labels}, false, 0, {value, std::move(counts)}}};
    metrics_.Admit(deltas);
    for (const SeriesDelta& delta : deltas) ApplyDelta(totals_, delta);
    metrics_.Apply(deltas, totals_);
  }
  void Pass(std::chrono::seconds time) {
    clock_.Advance(time);
    for (const SeriesName& gone : metrics_.Expire()) totals_.erase(gone);
  }
  std::string Page() {
    std::string out;
    registry_.Render(out);
    return out;
  }

  FakeClock clock_;
  Registry registry_;
  LogMetrics metrics_{registry_, clock_};
  SeriesTotals totals_;
};

TEST_F(LogMetricsTest, KeepsABoundedNumberOfSeriesInTheJournalToo) {
  Configure({SourceOf({Metric("lines")})});
  for (int i = 0; i < 60'000; ++i) Count("lines", {{"user", std::to_string(i)}});
  EXPECT_EQ(totals_.size(), LogMetrics::kMaxSeries);
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_metric_updates_dropped_total 58000\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_metric_series 2000\n"));
  Count("lines", {{"user", "7"}});
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_lines{user=\"7\"} 2\n"));
  Pass(std::chrono::minutes(6));
  EXPECT_THAT(totals_, IsEmpty());
  Count("lines", {{"user", "59999"}});
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_lines{user=\"59999\"} 1\n"));
}

TEST_F(LogMetricsTest, KeepsABoundedSizeOfLabels) {
  Configure({SourceOf({Metric("lines")})});
  for (int i = 0; i < 1'000; ++i) {
    Count("lines", {{"long", std::string(2'000, 'x')}, {"user", std::to_string(i)}});
  }
  EXPECT_GT(totals_.size(), 500u);
  EXPECT_LT(totals_.size(), 530u);
}

TEST_F(LogMetricsTest, ASeriesOfAnOldJournalBeyondTheBoundIsForgotten) {
  for (int i = 0; i < 3'000; ++i) {
    totals_[{"telltale_custom_lines", {{"user", std::to_string(i)}}}].value = 1;
  }
  Configure({SourceOf({Metric("lines")})});
  EXPECT_EQ(totals_.size(), LogMetrics::kMaxSeries);
}

TEST_F(LogMetricsTest, HistogramsExpireToo) {
  Configure({SourceOf({Metric("took", Type::kHistogram, {1, 2}), Metric("lines")})});
  Count("took", {}, 1.5, {0, 1, 0});
  Count("lines", {});
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_took_bucket{le=\"2\"} 1\n"));
  Pass(std::chrono::minutes(4));
  Count("lines", {});
  Pass(std::chrono::minutes(2));
  EXPECT_THAT(Page(), Not(HasSubstr("telltale_custom_took")));
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_lines 2\n"));
  EXPECT_EQ(totals_.size(), 1u);
}

TEST_F(LogMetricsTest, SeriesOfARemovedPipelineAreForgottenAfterAWhile) {
  Configure({SourceOf({Metric("lines")}), SourceOf({Metric("other")})});
  Count("lines", {});
  Count("other", {});
  Configure({SourceOf({Metric("lines")})});
  EXPECT_THAT(Page(), Not(HasSubstr("telltale_custom_other")));
  Configure({SourceOf({Metric("lines")}), SourceOf({Metric("other")})});
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_other 1\n")) << "it came back in time";
  Configure({SourceOf({Metric("lines")})});
  Pass(std::chrono::minutes(3));
  Count("lines", {});
  Configure({SourceOf({Metric("lines")})});  // a change of something else starts no new wait
  Pass(std::chrono::minutes(3));
  EXPECT_EQ(totals_.size(), 1u);
}

TEST_F(LogMetricsTest, AnEditTakesEffectAtOnce) {
  Configure({SourceOf({Metric("took", Type::kHistogram, {1})})});
  Count("took", {}, 0.5, {1, 0});
  Configure({SourceOf({Metric("took", Type::kHistogram, {1, 5})})});
  Count("took", {}, 3, {0, 1, 0});
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_took_bucket{le=\"5\"} 1\n"));
  Configure({SourceOf({Metric("took", Type::kGauge)})});
  Count("took", {}, 7);
  EXPECT_THAT(Page(), HasSubstr("# TYPE telltale_custom_took gauge\ntelltale_custom_took 7\n"));
  MetricSpec described = Metric("took", Type::kGauge);
  described.description = "How long.";
  Configure({SourceOf({described})});
  EXPECT_THAT(Page(), HasSubstr("# HELP telltale_custom_took How long.\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_took 7\n"));
}

TEST_F(LogMetricsTest, AnUpdateOfABatchMadeBeforeTheEditIsDropped) {
  Configure({SourceOf({Metric("took", Type::kHistogram, {1, 5})})});
  Count("took", {}, 0.5, {1, 0});
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_metric_updates_dropped_total 1\n"));
  EXPECT_THAT(totals_, IsEmpty());
}

TEST_F(LogMetricsTest, AnotherDescriptionDoesNotDisableAMetricAnotherTypeDoes) {
  MetricSpec one = Metric("lines"), two = Metric("lines");
  one.description = "Lines of the shop.";
  two.description = "Lines of the bank.";
  Configure({SourceOf({one}), SourceOf({two})});
  Count("lines", {{"app", "a"}});
  Count("lines", {{"app", "b"}});
  EXPECT_THAT(Page(), HasSubstr("# HELP telltale_custom_lines Lines of the shop.\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_lines{app=\"b\"} 1\n"));
  Configure({SourceOf({one}), SourceOf({Metric("lines", Type::kGauge)})});
  Count("lines", {{"app", "a"}});
  EXPECT_THAT(Page(), Not(HasSubstr("telltale_custom_lines{")));
  Configure({SourceOf({one})});
  Count("lines", {{"app", "c"}});
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_lines{app=\"c\"} 1\n"))
      << "repaired without a restart";
}

TEST_F(LogMetricsTest, NamesThatThePageDoesNotTakeAreDroppedAndNothingEnds) {
  Configure({SourceOf({Metric("took", Type::kHistogram, {1})})});
  Count("took", {{"le", "x"}}, 0.5, {1, 0});
  Count("took", {{"a b", "x"}}, 0.5, {1, 0});
  Count("took", {{"ok", "x"}}, 0.5, {1, 0});
  EXPECT_THAT(Page(), HasSubstr("telltale_logs_metric_updates_dropped_total 2\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_custom_took_count{ok=\"x\"} 1\n"));
}

}  // namespace
}  // namespace telltale
