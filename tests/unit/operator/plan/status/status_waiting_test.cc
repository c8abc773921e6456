// SPDX-License-Identifier: Apache-2.0
//
// What does not count: pods that have just begun, that have finished or that want nothing. Ready
// stays as it is while an autoscaler, a rollout or a CronJob brings and takes pods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/plan/status/status_shop.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kYoung = R"(,"creationTimestamp":"2026-11-20T11:59:50Z")";
constexpr std::string_view kOld = R"(,"creationTimestamp":"2026-11-20T11:59:00Z")";

struct Rendered {
  std::string status;
  std::int64_t look_again = 0;
};

Rendered Render(const WorldFile& file, int finished = 0, bool runs_jobs = false) {
  const auto matched = MatchAll(file.world, file.pods);
  const auto pods = ViewsOf(matched[0].pods);
  Rendered rendered;
  rendered.status = RenderTargetStatus({*matched[0].target,
                                        pods,
                                        file.view,
                                        file.world.trusted_namespaces,
                                        ParseRfc3339(kNow).value(),
                                        {},
                                        {},
                                        {},
                                        finished,
                                        runs_jobs},
                                       &rendered.look_again);
  return rendered;
}

std::string Ready(const WorldFile& file, int finished = 0) {
  return State(Render(file, finished).status, "Ready");
}

std::string Pending(const std::string& name, std::string_view created) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"n","uid":"u-)" + name +
         R"(","labels":{"app":"x"})" + std::string(created) +
         R"(},"spec":{"containers":[{"name":"c","ports":[{"name":"http","containerPort":80}]}]},)"
         R"("status":{"phase":"Pending"}})";
}

const std::string kUpA = R"({"up":["n/t|u-a|0"]})";
const std::string kWasReady =
    R"({"conditions":[{"type":"Ready","status":"True","reason":"Ready","message":"It works.",)"
    R"("lastTransitionTime":"2026-11-20T11:00:00Z"}]})";

TEST(YoungPods, DoNotCountBesideOthersUntilTheyAreOld) {
  const std::string young(kYoung), old(kOld);
  const auto rendered =
      Render(Shop(kMetrics, RunningPod("a", old) + "," + RunningPod("b", young), kUpA));
  EXPECT_EQ(State(rendered.status, "Ready"), "True/Ready");
  EXPECT_EQ(State(rendered.status, "Scraped"), "True/Up");
  EXPECT_EQ(rendered.look_again, 36) << "15 s of interval and 30 s to start, less 10 s, and one";
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", old) + "," + RunningPod("b", old), kUpA)),
            "Unknown/NotYetScraped");
  const std::string down = R"({"up":["n/t|u-a|0"],"down":{"n/t|u-b|0":"connection refused"}})";
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", old) + "," + RunningPod("b", young), down)),
            "True/Ready");
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", old) + "," + RunningPod("b", old), down)),
            "False/ConnectionRefused");
}

TEST(YoungPods, CountWhereTheyAreTheFirst) {
  const std::string young(kYoung);
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", young), "{}")), "Unknown/NotYetScraped");
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", young), kUpA)), "True/Ready");
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", young),
                       R"({"down":{"n/t|u-a|0":"connection refused"}})")),
            "False/ConnectionRefused");
  const auto starting = Render(Shop(kMetrics, Pending("a", kYoung), "{}"));
  EXPECT_EQ(State(starting.status, "Discovered"), "Unknown/NotRunning")
      << "no Warning at a normal start";
  EXPECT_EQ(ParseTree(starting.status).At("problemsCount").scalar, "0");
  EXPECT_EQ(Ready(Shop(kMetrics, Pending("a", kOld), "{}")), "False/NotRunning");
}

TEST(YoungPods, ThatReplaceAllOthersKeepAResourceReady) {
  const std::string young(kYoung), old(kOld);
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", young), "{}", kWasReady)), "True/Ready");
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", old), "{}", kWasReady)), "Unknown/NotYetScraped");
  const std::string leaving = R"(,"deletionTimestamp":"2026-11-20T12:00:00Z")";
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", old + leaving) + "," + RunningPod("b", young),
                       "{}", kWasReady)),
            "True/Ready");
}

TEST(YoungPods, AreOldByTheLaterOfTheirCreationAndTheirContainersStart) {
  const std::string restarted =
      R"({"metadata":{"name":"b","namespace":"n","uid":"u-b","labels":{"app":"x"},)"
      R"("creationTimestamp":"2026-11-19T00:00:00Z"},"spec":{"containers":[{"name":"c","ports":)"
      R"([{"name":"http","containerPort":80}]}]},"status":{"phase":"Running","podIP":"10.0.0.1",)"
      R"("containerStatuses":[{"name":"c","state":{"running":{"startedAt":"2026-11-20T11:59:58Z"}}}]}})";
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a") + "," + restarted, kUpA)), "True/Ready");
  const std::string future = R"(,"creationTimestamp":"2026-11-20T13:00:00Z")";
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a") + "," + RunningPod("b", future), kUpA)),
            "Unknown/NotYetScraped")
      << "a clock that is wrong hides nothing";
}

TEST(FinishedPods, AreNoFailureBetweenTwoRunsNorDuringThem) {
  const auto between =
      Render(Shop(kMetrics + R"(,"logs":{"files":{"directory":"/l"}})", "", "{}"), 3);
  for (const auto* type : {"Discovered", "Injected", "Scraped", "LogsFlowing", "Ready"}) {
    EXPECT_EQ(State(between.status, type), "True/Finished") << type;
  }
  EXPECT_THAT(between.status, HasSubstr("3 pods match and have finished"));
  EXPECT_EQ(ParseTree(between.status).At("problemsCount").scalar, "0");
  EXPECT_EQ(Ready(Shop(kMetrics, Pending("a", kYoung), "{}"), 3), "True/Finished");
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", std::string(kYoung)), "{}"), 3), "True/Ready");
  EXPECT_EQ(Ready(Shop(kMetrics, RunningPod("a", std::string(kOld)), "{}"), 3),
            "Unknown/NotYetScraped");
  EXPECT_EQ(Ready(Shop(kMetrics, "", "{}"), 0), "False/NoPodsMatched");
}

TEST(FinishedPods, OfACronJobThatDeletesThemLeaveItReady) {
  const std::string was_finished =
      R"({"observedGeneration":1,"conditions":[{"type":"Ready","status":"True","reason":"Finished",)"
      R"("message":")" +
      std::string(kJobsFinished) + R"(","lastTransitionTime":"2026-11-20T11:00:00Z"}]})";
  EXPECT_EQ(Ready(Shop(kMetrics, "", "{}", was_finished)), "True/Finished");
  const auto next =
      Render(Shop(kMetrics, "", "{}", Render(Shop(kMetrics, "", "{}", was_finished)).status));
  EXPECT_EQ(State(next.status, "Ready"), "True/Finished");
  EXPECT_THAT(next.status, HasSubstr("The pods of Jobs that matched have finished"));
  EXPECT_EQ(ParseTree(next.status).At("problemsCount").scalar, "0");
  // Another selector, and pods that went without having finished.
  std::string changed = was_finished;
  changed.replace(changed.find(":1,"), 3, ":0,");
  EXPECT_EQ(Ready(Shop(kMetrics, "", "{}", changed)), "False/NoPodsMatched");
  EXPECT_EQ(Ready(Shop(kMetrics, "", "{}", kWasReady)), "False/NoPodsMatched");
}

// One resource through a time in which its pods change, each status made from the one before.
class Timeline {
 public:
  // The state of Ready at 12:00:00 when these pods are there.
  std::string Next(const std::string& pods, const std::string& prometheus, int finished = 0) {
    const auto file = Shop(kMetrics, pods, prometheus, status_);
    status_ = Render(file, finished, finished > 0).status;  // of a Job
    return State(status_, "Ready");
  }

 private:
  std::string status_ = "null";
};

TEST(Timelines, AnAutoscalerAndARolloutDoNotMakeReadyBlink) {
  const std::string young(kYoung), old(kOld);
  const std::string leaving = R"(,"deletionTimestamp":"2026-11-20T12:00:00Z")";
  Timeline shop;
  EXPECT_EQ(shop.Next(RunningPod("a", old), kUpA), "True/Ready");
  // Two more: pending, running, scraped; then one less.
  const std::string a = RunningPod("a", old) + ",";
  EXPECT_EQ(shop.Next(a + Pending("b", young) + "," + Pending("c", young), kUpA), "True/Ready");
  EXPECT_EQ(shop.Next(a + RunningPod("b", young) + "," + Pending("c", young), kUpA), "True/Ready");
  EXPECT_EQ(shop.Next(a + RunningPod("b", young) + "," + RunningPod("c", young),
                      R"({"up":["n/t|u-a|0"],"down":{"n/t|u-c|0":"connection refused"}})"),
            "True/Ready");
  EXPECT_EQ(shop.Next(a + RunningPod("b", young + leaving), kUpA), "True/Ready");
  // A rollout of a single replica.
  EXPECT_EQ(shop.Next(a + Pending("d", young), kUpA), "True/Ready");
  EXPECT_EQ(shop.Next(RunningPod("a", old + leaving) + "," + RunningPod("d", young), kUpA),
            "True/Ready");
  EXPECT_EQ(shop.Next(RunningPod("d", young), "{}"), "True/Ready");
  EXPECT_EQ(shop.Next(RunningPod("d", old), R"({"up":["n/t|u-d|0"]})"), "True/Ready");
}

TEST(Timelines, RunsOfACronJobDoNotMakeReadyBlinkAndABrokenOneIsSaid) {
  const std::string young(kYoung), old(kOld);
  Timeline job;
  EXPECT_EQ(job.Next(RunningPod("a", old), kUpA), "True/Ready");
  EXPECT_EQ(job.Next("", "{}", 1), "True/Finished");
  EXPECT_EQ(job.Next("", "{}", 0), "True/Finished") << "its pod was deleted";
  EXPECT_EQ(job.Next(Pending("b", young), "{}"), "True/Finished");
  EXPECT_EQ(job.Next(RunningPod("b", young), "{}"), "True/Ready");
  EXPECT_EQ(job.Next(RunningPod("b", old), R"({"down":{"n/t|u-b|0":"connection refused"}})"),
            "False/ConnectionRefused");
}

TEST(RefusedPods, AreNamedInTheWordsOfTheApiServerUntilThereArePods) {
  const auto render = [](const std::string& pods) {
    const auto file = Shop(kMetrics, pods, kUpA);
    const auto matched = MatchAll(file.world, file.pods);
    const auto views = ViewsOf(matched[0].pods);
    return RenderTargetStatus({*matched[0].target,
                               views,
                               file.view,
                               file.world.trusted_namespaces,
                               ParseRfc3339(kNow).value(),
                               {},
                               {},
                               "The API server refuses the pods: exceeded quota."});
  };
  const auto status = render("");
  EXPECT_EQ(State(status, "Discovered"), "False/PodsRefused");
  EXPECT_EQ(State(status, "Ready"), "False/PodsRefused");
  EXPECT_THAT(status, HasSubstr("exceeded quota"));
  EXPECT_EQ(State(render(RunningPod("a")), "Ready"), "True/Ready");
}

TEST(OptedOutPods, AloneMakeAResourceThatWantsSidecarsReady) {
  const std::string out = R"(,"annotations":{"telltale.dev/inject":"false"})";
  for (const auto* spec : {R"("sidecar":{})", R"("logs":{"files":{"directory":"/l"}})"}) {
    const auto status = Render(Shop(spec, RunningPod("a", out, false), "{}")).status;
    EXPECT_EQ(State(status, "Ready"), "True/Ready") << spec << status;
    EXPECT_EQ(State(status, "Scraped"), "True/OptedOut");
    EXPECT_EQ(State(status, "Injected"), "True/OptedOut");
  }
  // Its pages are scraped all the same.
  EXPECT_EQ(Ready(Shop(kMetrics + R"(,"sidecar":{})", RunningPod("a", out, false), "{}")),
            "Unknown/NotYetScraped");
}

}  // namespace
}  // namespace telltale
