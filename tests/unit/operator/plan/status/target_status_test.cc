// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/status/target_status.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/rfc3339.h"
#include "operator/plan/status/scrape_error.h"
#include "operator/plan/status/status_compare.h"
#include "operator/plan/status/target_health.h"
#include "tests/fakes/whole_plan.h"
#include "tests/unit/operator/plan/golden.h"
#include "tests/unit/operator/plan/json_tree.h"
#include "tests/unit/operator/plan/status/status_shop.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

// The statuses of all targets of a world, by key.
std::map<std::string, std::string> Statuses(const WorldFile& file, std::string_view now = kNow) {
  const auto matched = MatchAll(file.world, file.pods);
  std::map<std::string, std::string> statuses;
  for (const auto& entry : matched) {
    const auto pods = ViewsOf(entry.pods);
    statuses[entry.target->meta.Key()] = RenderTargetStatus(
        {*entry.target, pods, file.view, file.world.trusted_namespaces, ParseRfc3339(now).value()});
  }
  return statuses;
}

std::string Status1(const WorldFile& file) { return Statuses(file).at("n/t"); }

TEST(RenderTargetStatus, IsAsReviewed) {
  std::string text;
  for (const auto& [key, json] : Statuses(ParseWorld(ReadGolden("status/mixed.world.json")))) {
    text += "# " + key + "\n" + PrettyJson(json);
  }
  ExpectGolden("status/mixed.txt", text);
}

TEST(RenderTargetStatus, SaysWhatGivesNoTargetAndWhatToDo) {
  const auto file = ParseWorld(ReadGolden("sd/mixed.world.json"));
  std::string text;
  for (const auto& entry : MatchAll(file.world, file.pods)) {
    const auto pods = ViewsOf(entry.pods);
    auto problems =
        Assess({*entry.target, pods, file.view, file.world.trusted_namespaces, 0}).problems;
    std::ranges::sort(problems, {}, &TargetProblem::pod);
    for (const auto& problem : problems) {
      const bool endpoints = problem.reason == Reason::kPortNotFound;
      const bool pod = problem.reason == Reason::kNoIp || problem.reason == Reason::kNotRunning;
      if (!endpoints && !pod) continue;
      text += entry.target->meta.Key() + " " + problem.pod + " [" + problem.endpoint + "] " +
              std::string(Info(problem.reason).code) + ": " + problem.message + "\n";
    }
  }
  ExpectGolden("sd/mixed.problems.txt", text);
}

TEST(RenderTargetStatus, AllUpIsReady) {
  const auto status = Status1(Shop(kMetrics, RunningPod("a") + "," + RunningPod("b"),
                                   R"({"up":["n/t|u-a|0","n/t|u-b|0"]})"));
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
  EXPECT_EQ(State(status, "Accepted"), "True/Accepted");
  EXPECT_EQ(State(status, "Discovered"), "True/Discovered");
  EXPECT_EQ(State(status, "Injected"), "True/NotRequested");
  EXPECT_EQ(State(status, "Scraped"), "True/Up");
  EXPECT_EQ(State(status, "LogsFlowing"), "True/NotRequested");
  EXPECT_EQ(Pods(status), R"({"matched":2,"injected":2,"up":2,"down":0,"logging":0})");
}

TEST(RenderTargetStatus, NotYetScrapedIsUnknownAndNoProblem) {
  const auto status =
      Status1(Shop(kMetrics, RunningPod("a") + "," + RunningPod("b"), R"({"up":["n/t|u-a|0"]})"));
  EXPECT_EQ(State(status, "Scraped"), "Unknown/NotYetScraped");
  EXPECT_EQ(State(status, "Ready"), "Unknown/NotYetScraped");
  EXPECT_EQ(ParseTree(status).At("problemsCount").scalar, "0");
  EXPECT_EQ(Pods(status), R"({"matched":2,"injected":2,"up":1,"down":0,"logging":0})");
}

TEST(RenderTargetStatus, APrometheusThatDoesNotAnswerIsSaidSo) {
  const auto status = Status1(Shop(kMetrics, RunningPod("a"), R"({"error":"connection refused"})"));
  EXPECT_EQ(State(status, "Scraped"), "Unknown/PrometheusUnknown");
  EXPECT_NE(status.find("connection refused"), std::string::npos);
  EXPECT_EQ(State(status, "Ready"), "Unknown/PrometheusUnknown");
  // What is not known is left out: a zero would be a statement.
  EXPECT_EQ(Pods(status), R"({"matched":1,"injected":1})");
}

TEST(RenderTargetStatus, OneEndpointDownMakesThePodDown) {
  const auto status = Status1(Shop(
      R"("metrics":{"endpoints":[{"port":"http"},{"port":81}]})", RunningPod("a"),
      R"({"up":["n/t|u-a|0"],"down":{"n/t|u-a|1":"server returned HTTP status 404 Not Found"}})"));
  EXPECT_EQ(State(status, "Scraped"), "False/NotFound");
  EXPECT_EQ(State(status, "Ready"), "False/NotFound");
  EXPECT_EQ(Pods(status), R"({"matched":1,"injected":1,"up":0,"down":1,"logging":0})");
}

TEST(RenderTargetStatus, APodBeingDeletedIsNoProblem) {
  const std::string leaving = R"(,"deletionTimestamp":"2026-11-20T00:00:00Z")";
  const auto status = Status1(
      Shop(kMetrics + R"(,"sidecar":{})", RunningPod("a", leaving, false) + "," + RunningPod("b"),
           R"({"up":["n/t|u-b|0","n/t|u-b|sidecar"],"down":{"n/t|u-a|0":"connection refused"}})"));
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
  EXPECT_EQ(ParseTree(status).At("problemsCount").scalar, "0");
}

TEST(RenderTargetStatus, AMissingSidecarIsFalseUnlessThePodOptedOut) {
  const std::string spec = R"("sidecar":{})";
  EXPECT_EQ(State(Status1(Shop(spec, RunningPod("a", "", false), "{}")), "Injected"),
            "False/SidecarMissing");
  const std::string out = R"(,"annotations":{"telltale.dev/inject":"false"})";
  EXPECT_EQ(State(Status1(Shop(spec, RunningPod("a", out, false), "{}")), "Injected"),
            "True/OptedOut");
}

// One sidecar serves all who ask for it, and its one scrape target belongs to the first of them:
// which that is, and when Prometheus learns of it, changes nothing for the others.
TEST(RenderTargetStatus, ASharedSidecarIsReportedToEachThatAsksForIt) {
  const std::string body = R"("spec":{"selector":{"matchLabels":{"app":"x"}},"sidecar":{}}})";
  const auto world = [&](const std::string& prometheus) {
    return ParseWorld(R"({"targets":[{"metadata":{"name":"a","namespace":"n"},)" + body +
                      R"(,{"metadata":{"name":"b","namespace":"n"},)" + body + R"(],"pods":[)" +
                      RunningPod("p") + R"(],"prometheus":)" + prometheus + "}");
  };
  for (const auto* owner : {"n/a", "n/b", "n/gone"}) {
    const std::string key = std::string(owner) + "|u-p|sidecar";
    for (const auto& [name, status] : Statuses(world(R"({"up":[")" + key + "\"]}"))) {
      EXPECT_EQ(State(status, "Scraped"), "True/Up") << name << " by " << key;
      EXPECT_EQ(State(status, "Ready"), "True/Ready") << name << " by " << key;
      EXPECT_EQ(Pods(status), R"({"matched":1,"injected":1,"up":1,"down":0,"logging":0})");
    }
    const auto down = world(R"({"down":{")" + key + R"(":"connection refused"}})");
    for (const auto& [name, status] : Statuses(down)) {
      EXPECT_EQ(State(status, "Scraped"), "False/ConnectionRefused") << name << " by " << key;
    }
  }
}

// A restart cannot help these, so nobody is told to try one.
TEST(RenderTargetStatus, APodThatInjectionLeavesOutIsSidecarImpossible) {
  const auto status = [](const std::string& ns, const std::string& metadata,
                         const std::string& spec) {
    return Statuses(ParseWorld(
                        R"({"targets":[{"metadata":{"name":"t","namespace":")" + ns +
                        R"("},"spec":{"selector":{"matchLabels":{"app":"x"}},"logs":{"files":)"
                        R"({"directory":"/l"}}}}],"pods":[{"metadata":{"name":"p","namespace":")" +
                        ns + R"(","uid":"u","labels":{"app":"x"})" + metadata + R"(},"spec":{)" +
                        spec +
                        R"("containers":[{"name":"c"}]},"status":{"phase":"Running",)"
                        R"("podIP":"10.0.0.1"}}],"prometheus":{}})"))
        .at(ns + "/t");
  };
  const std::string impossible = "False/SidecarImpossible";
  const std::string init = R"("initContainers":[{"name":"i","ports":[{"containerPort":)";
  for (const std::string& json :
       {status("kube-system", "", ""), status("kube-node-lease", "", ""),
        status("n", "", init + "9847}]}],"), status("n", "", R"("os":{"name":"windows"},)"),
        status("n", "", R"("nodeSelector":{"kubernetes.io/os":"windows"},)"),
        status("n", R"(,"annotations":{"kubernetes.io/config.mirror":"h"})", "")}) {
    EXPECT_EQ(State(json, "Injected"), impossible) << json;
    EXPECT_EQ(State(json, "Scraped"), "Unknown/SidecarImpossible") << json;
    EXPECT_EQ(State(json, "LogsFlowing"), impossible) << json;
    EXPECT_EQ(json.find("restart"), std::string::npos) << json;
  }
  for (const std::string& json :
       {status("n", "", ""), status("n", "", init + "9848}]}],"),
        status("n", "", R"("os":{"name":"linux"},"nodeSelector":{"kubernetes.io/os":"linux"},)")}) {
    EXPECT_EQ(State(json, "Injected"), "False/SidecarMissing") << json;
    EXPECT_NE(json.find("rollout restart"), std::string::npos) << json;
  }
}

TEST(RenderTargetStatus, LogsFlowOnceEverySidecarHadALineAcknowledged) {
  const std::string spec = R"("logs":{"files":{"directory":"/l"}})";
  const std::string pods = RunningPod("a") + "," + RunningPod("b");
  const std::string up = R"("up":["n/t|u-a|sidecar","n/t|u-b|sidecar"])";
  auto status = Status1(Shop(spec, pods, "{" + up + R"(,"logging":["n/a"]})"));
  EXPECT_EQ(State(status, "LogsFlowing"), "Unknown/NoLinesYet");
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
  EXPECT_EQ(Pods(status), R"({"matched":2,"injected":2,"up":2,"down":0,"logging":1})");
  status = Status1(Shop(spec, pods, "{" + up + R"(,"logging":["n/a","n/b","other/c"]})"));
  EXPECT_EQ(State(status, "LogsFlowing"), "True/Flowing");
  status = Status1(Shop(spec, RunningPod("a", "", false), "{}"));
  EXPECT_EQ(State(status, "LogsFlowing"), "False/SidecarMissing");
}

TEST(RenderTargetStatus, LinesThatLokiDoesNotTakeAreAProblemUntilItDoes) {
  const std::string spec = R"("logs":{"files":{"directory":"/l"}})";
  const std::string pods = RunningPod("a") + "," + RunningPod("b");
  const std::string up = R"({"up":["n/t|u-a|sidecar","n/t|u-b|sidecar"],"logging":["n/a","n/b"])";
  const auto stalled =
      Status1(Shop(spec, pods, up + R"(,"stalled":{"n/b":"2026-11-20T11:58:59Z"}})"));
  EXPECT_EQ(State(stalled, "LogsFlowing"), "False/LogsStalled");
  EXPECT_EQ(State(stalled, "Ready"), "False/LogsStalled");
  EXPECT_NE(
      stalled.find("1 of 2 pods have lines that wait for the log store. Pod n/b has log lines "
                   "that wait for the log store since 2026-11-20T11:58:00Z"),
      std::string::npos)
      << stalled;
  EXPECT_EQ(ParseTree(stalled).At("problemsCount").Text(), "1");
  const auto again = Status1(Shop(spec, pods, up + "}"));
  EXPECT_EQ(State(again, "LogsFlowing"), "True/Flowing");
  EXPECT_EQ(ParseTree(again).At("problemsCount").Text(), "0");
}

TEST(RenderTargetStatus, OutputThatASidecarMayNotReadIsAProblemOfThoseThatAskForIt) {
  const std::string said = R"({"up":["n/t|u-a|sidecar"],"logging":["n/a"],"forbidden":["n/a"]})";
  const auto status =
      Status1(Shop(R"("logs":{"source":"Stdout","collector":"Sidecar"})", RunningPod("a"), said));
  EXPECT_EQ(State(status, "LogsFlowing"), "False/LogsForbidden");
  EXPECT_NE(status.find("examples/podlog/role.yaml"), std::string::npos) << status;
  const auto files = Status1(Shop(R"("logs":{"files":{"directory":"/l"}})", RunningPod("a"), said));
  EXPECT_EQ(State(files, "LogsFlowing"), "True/Flowing");
}

TEST(RenderTargetStatus, WhatASidecarDoesIsNothingToTheLogsOfANodeAgent) {
  const auto status = Status1(Shop(R"("logs":{"source":"Stdout"},"sidecar":{})", RunningPod("a"),
                                   R"({"up":["n/t|u-a|sidecar"],"forbidden":["n/a"],)"
                                   R"("stalled":{"n/a":"2026-11-20T11:00:00Z"}})"));
  EXPECT_EQ(State(status, "LogsFlowing"), "Unknown/NodeAgent");
  EXPECT_EQ(ParseTree(status).At("problemsCount").Text(), "0");
}

TEST(RenderTargetStatus, ANodeAgentsLogsAreUnknownAndDoNotBlockReady) {
  const auto status = Status1(Shop(R"("logs":{"source":"Stdout"})", RunningPod("a"), "{}"));
  EXPECT_EQ(State(status, "LogsFlowing"), "Unknown/NodeAgent");
  EXPECT_EQ(State(status, "Scraped"), "True/NotRequested");
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
}

TEST(RenderTargetStatus, ASuspendedTargetIsUnknownAndCountsItsPods) {
  const auto status = Status1(Shop("\"suspend\":true," + kMetrics, RunningPod("a"), "{}"));
  EXPECT_EQ(State(status, "Accepted"), "True/Accepted");
  EXPECT_EQ(State(status, "Ready"), "Unknown/Suspended");
  EXPECT_EQ(Pods(status), R"({"matched":1,"injected":1,"up":0,"down":0,"logging":0})");
}

TEST(RenderTargetStatus, AConditionKeepsItsTimeWhileItsStatusIsTheSame) {
  const auto first = Status1(Shop(kMetrics, RunningPod("a"), R"({"up":["n/t|u-a|0"]})"));
  const auto second =
      Shop(kMetrics, RunningPod("a"), R"({"down":{"n/t|u-a|0":"connection refused"}})", first);
  const auto later = Statuses(second, "2026-11-20T13:00:00Z").at("n/t");
  const JsonTree tree = ParseTree(later);
  for (const auto& [none, condition] : tree.At("conditions").items) {
    const std::string type = condition.At("type").scalar;
    const bool turned = type == "\"Scraped\"" || type == "\"Ready\"";
    EXPECT_EQ(condition.At("lastTransitionTime").scalar,
              turned ? "\"2026-11-20T13:00:00Z\"" : "\"2026-11-20T12:00:00Z\"")
        << type;
  }
}

TEST(RenderTargetStatus, AnOldStatusThatCannotBeReadCountsAsNone) {
  for (const auto* old :
       {"7", "[]", R"({"conditions":7})", R"({"conditions":[{"type":7}]})",
        R"({"conditions":[{"type":"Ready","status":"True","lastTransitionTime":"soon"}]})"}) {
    const auto status = Status1(Shop(kMetrics, RunningPod("a"), R"({"up":["n/t|u-a|0"]})", old));
    EXPECT_NE(status.find(R"("lastTransitionTime":"2026-11-20T12:00:00Z"})"), std::string::npos)
        << old;
  }
}

TEST(RenderTargetStatus, ListsTheTenWorstProblemsAndCountsAll) {
  std::string pods;
  for (char c = 'a'; c < 'a' + 14; ++c)
    pods += (pods.empty() ? "" : ",") + RunningPod({c}, "", false);
  const auto status = Status1(
      Shop(kMetrics + R"(,"sidecar":{})", pods, R"({"down":{"n/t|u-n|0":"connection refused"}})"));
  const JsonTree tree = ParseTree(status);
  EXPECT_EQ(tree.At("problemsCount").scalar, "15");
  ASSERT_EQ(tree.At("problems").items.size(), 10u);
  EXPECT_EQ(tree.At("problems").items[0].second.At("reason").scalar, "\"ConnectionRefused\"");
  EXPECT_EQ(tree.At("problems").items[1].second.At("pod").scalar, "\"n/a\"");
}

TEST(RenderTargetStatus, AConfigurationThatIsNotWrittenIsNotReadyAndNotObserved) {
  const std::string up = R"({"up":["n/t|u-a|sidecar"],"logging":["n/a"]})";
  const std::string logs = R"("logs":{"files":{"directory":"/l"}})";
  for (const Reason reason : {Reason::kConfigNotWritten, Reason::kConfigTooLarge}) {
    const ConfigState refused{0, {{reason, "ConfigMap n/telltale-sidecar: exceeded quota."}}};
    const std::string code(Info(reason).code);
    auto status = StatusWith(Shop(logs, RunningPod("a"), up), refused);
    EXPECT_EQ(State(status, "Accepted"), "False/" + code);
    EXPECT_EQ(State(status, "Ready"), "False/" + code);
    EXPECT_EQ(Observed(status), "0");
    EXPECT_EQ(ParseTree(status).At("problemsCount").scalar, "1");
    EXPECT_NE(status.find("exceeded quota"), std::string::npos);
    status = StatusWith(Shop(logs, RunningPod("a"), up, status), {1, {}});
    EXPECT_EQ(State(status, "Ready"), "True/Ready");
    EXPECT_EQ(Observed(status), "1");
    // What was observed once was observed, whatever becomes of the ConfigMap.
    status = StatusWith(Shop(logs, RunningPod("a"), up, status), refused);
    EXPECT_EQ(State(status, "Ready"), "False/" + code);
    EXPECT_EQ(Observed(status), "1");
  }
}

TEST(RenderTargetStatus, AConfigurationOnItsWayIsUnknownUntilItIsWritten) {
  const std::string up = R"({"up":["n/t|u-a|sidecar"]})";
  for (const ConfigState& state : {ConfigState{}, ConfigState{0, {}}}) {
    const auto status = StatusWith(Shop(R"("sidecar":{})", RunningPod("a"), up), state);
    EXPECT_EQ(State(status, "Accepted"), "True/Accepted");
    EXPECT_EQ(State(status, "Ready"), "Unknown/ConfigPending");
    EXPECT_EQ(Observed(status), "0");
  }
  // Nobody waits for what nobody reads.
  for (const std::string& spec : {kMetrics, kMetrics + R"(,"sidecar":{"mode":"Off"})",
                                  std::string(R"("suspend":true,"sidecar":{})")}) {
    EXPECT_EQ(Observed(StatusWith(Shop(spec, RunningPod("a"), up), {})), "1") << spec;
  }
  EXPECT_EQ(Observed(StatusWith(Shop(R"("sidecar":{})", "", up), {})), "0");
  const std::string other = R"("sidecar":{},"namespaceSelector":{"names":["none"]})";
  EXPECT_EQ(Observed(StatusWith(Shop(other, "", up), {})), "1") << "which need not exist";
}

TEST(RenderTargetStatus, PromtailsConfigMapCountsOnlyWherePromtailReads) {
  const std::string spec = R"("logs":{"source":"Stdout"})";
  const ConfigState refused{0, {{Reason::kConfigTooLarge, "It does not fit into the ConfigMap."}}};
  EXPECT_EQ(State(StatusWith(Shop(spec, RunningPod("a"), "{}"), refused, true), "Ready"),
            "False/ConfigTooLarge");
  EXPECT_EQ(Observed(StatusWith(Shop(spec, RunningPod("a"), "{}"), {}, true)), "0");
  EXPECT_EQ(Observed(StatusWith(Shop(spec, RunningPod("a"), "{}"), {}, false)), "1");
}

// A status that the API server refuses is no status at all.
TEST(RenderTargetStatus, NoMessageIsLongerThanTheApiServerTakes) {
  std::string ports, containers;
  for (int i = 0; i < 200; ++i) {
    ports += (i ? "," : "") + std::string(R"({"name":"rtp-)") + std::to_string(i) +
             R"(","containerPort":)" + std::to_string(10'000 + i) + "}";
  }
  const std::string pod =
      R"({"metadata":{"name":"a","namespace":"n","uid":"u-a","labels":{"app":"x"}},"spec":)"
      R"({"containers":[{"name":"c","ports":[)" +
      ports + R"(]}]},"status":{"phase":"Running","podIP":"10.0.0.1"}})";
  const ConfigState refused{0, {{Reason::kConfigNotWritten, std::string(50'000, 'x')}}};
  const auto status = StatusWith(
      Shop(R"("metrics":{"endpoints":[{"port":"htp"}]},"sidecar":{})", pod, "{}"), refused);
  const JsonTree tree = ParseTree(status);
  EXPECT_EQ(State(status, "Discovered"), "False/PortNotFound");
  for (const auto& [none, condition] : tree.At("conditions").items) {
    EXPECT_LT(condition.At("message").scalar.size(), 4'096u);
  }
  for (const auto& [none, problem] : tree.At("problems").items) {
    EXPECT_LT(problem.At("message").scalar.size(), 4'096u);
  }
  EXPECT_NE(status.find("and 192 more"), std::string::npos) << status;
}

TEST(StatusDiffers, IgnoresTimesOrderAndSpace) {
  const std::string ours = Status1(Shop(kMetrics, RunningPod("a"), "{}"));
  EXPECT_FALSE(StatusDiffers(ours, ours));
  EXPECT_TRUE(StatusDiffers("", ours));
  EXPECT_TRUE(StatusDiffers("garbage", ours));
  EXPECT_FALSE(
      StatusDiffers(R"({"problems": [1, {"lastTransitionTime": "x", "c": null}], "pods": "é"})",
                    R"({"pods":"\u00e9","problems":[1,{"c":null,"lastTransitionTime":"y"}]})"));
  EXPECT_TRUE(StatusDiffers(R"({"pods":[1,2]})", R"({"pods":[2,1]})"));
  EXPECT_TRUE(StatusDiffers(R"({"pods":1})", R"({"pods":"1"})"));
  EXPECT_TRUE(StatusDiffers(R"({"pods":1})", R"({"pods":1,"problems":1})"));
  EXPECT_TRUE(StatusDiffers(R"({"pods":1,"problems":1})", R"({"pods":1})"));
}

// Server-side apply leaves it where it is, so that it would be a difference for ever.
TEST(StatusDiffers, IgnoresWhatIsNotOurs) {
  EXPECT_FALSE(StatusDiffers(R"({"pods":1,"config":{"hash":"h"}})", R"({"pods":1})"));
  const std::string ready = R"({"type":"Ready","status":"True"})";
  const std::string scraped = R"({"type":"Scraped","status":"True"})";
  const auto conditions = [](const std::string& list) {
    return R"({"conditions":[)" + list + "]}";
  };
  EXPECT_FALSE(StatusDiffers(conditions(scraped + R"(,{"type":"Theirs"},)" + ready),
                             conditions(ready + "," + scraped)));
  EXPECT_TRUE(StatusDiffers(conditions(ready), conditions(ready + "," + scraped)));
  EXPECT_TRUE(StatusDiffers(conditions(ready + "," + scraped), conditions(ready)));
  EXPECT_TRUE(StatusDiffers(conditions(ready), conditions(scraped)));
}

TEST(ConditionChanges, AreThoseOfAStatusAndNotThoseOfAMessage) {
  const std::string before =
      R"({"conditions":[{"type":"Ready","status":"True","reason":"A","message":"a"},)"
      R"({"type":"Scraped","status":"True","reason":"A","message":"a"}]})";
  const std::string after =
      R"({"conditions":[{"type":"Scraped","status":"False","reason":"B","message":"b"},)"
      R"({"type":"Ready","status":"True","reason":"B","message":"b"},)"
      R"({"type":"Accepted","status":"True","reason":"C","message":"c"}]})";
  const auto changes = ConditionChanges(before, after);
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(changes[0].type + changes[0].old_status + changes[0].status + changes[0].reason +
                changes[0].message,
            "ScrapedTrueFalseBb");
  EXPECT_EQ(changes[1].type + changes[1].old_status + changes[1].status, "AcceptedTrue");
  EXPECT_EQ(ConditionChanges("garbage", after).size(), 3u);
  EXPECT_TRUE(ConditionChanges(after, after).empty());
}

TEST(ObservedGeneration, IsZeroWhenThereIsNone) {
  EXPECT_EQ(ObservedGeneration(R"({"observedGeneration":7})"), 7);
  for (const auto* status : {"", "garbage", "{}", R"({"observedGeneration":"7"})"}) {
    EXPECT_EQ(ObservedGeneration(status), 0) << status;
  }
}

TEST(ClassifyScrapeError, KnowsWhatPrometheusSays) {
  const auto code = [](std::string_view error) { return Info(ClassifyScrapeError(error)).code; };
  EXPECT_EQ(code(R"(Get "http://1.2.3.4:80/m": dial tcp 1.2.3.4:80: connect: connection refused)"),
            "ConnectionRefused");
  EXPECT_EQ(code(R"(Get "http://1.2.3.4:80/m": context deadline exceeded)"), "Timeout");
  EXPECT_EQ(code("dial tcp 1.2.3.4:80: i/o timeout"), "Timeout");
  EXPECT_EQ(code("server returned HTTP status 404 Not Found"), "NotFound");
  EXPECT_EQ(code("server returned HTTP status 401 Unauthorized"), "Auth");
  EXPECT_EQ(code("server returned HTTP status 403 Forbidden"), "Auth");
  EXPECT_EQ(code("server returned HTTP status 500 Internal Server Error"), "ScrapeFailed");
  EXPECT_EQ(code("received unsupported Content-Type \"text/html\" and no fallback_scrape_protocol "
                 "specified for target"),
            "BadContent");
  EXPECT_EQ(code("expected a valid start token, got \"<\" (\"INVALID\") while parsing: \"<\""),
            "BadContent");
  EXPECT_EQ(code("no route to host"), "ScrapeFailed");
  EXPECT_EQ(code(""), "ScrapeFailed");
}

TEST(ShortScrapeError, IsOneLineWithoutTheUrl) {
  EXPECT_EQ(ShortScrapeError("Get \"http://1.2.3.4:80/m\": context deadline exceeded"),
            "context deadline exceeded");
  EXPECT_EQ(ShortScrapeError("a\nb"), "a b");
  EXPECT_EQ(ShortScrapeError(std::string(300, 'x')), std::string(200, 'x') + "...");
  EXPECT_EQ(ShortScrapeError(std::string(199, 'x') + "\xC3\xA4 more"),
            std::string(199, 'x') + "...");
}

// The source port is another at each scrape, and each would be a new status to write.
TEST(ShortScrapeError, LeavesOutTheSourceOfTheConnection) {
  const std::string reset = "read tcp 10.0.0.9:8080: read: connection reset by peer";
  for (const auto* port : {"41234", "41235"}) {
    const std::string source = "10.0.0.5:" + std::string(port) + "->";
    EXPECT_EQ(
        ShortScrapeError("read tcp " + source + "10.0.0.9:8080: read: connection reset by peer"),
        reset);
    EXPECT_EQ(ShortScrapeError("Get \"http://10.0.0.9:8080/\": read tcp " + source +
                               "10.0.0.9:8080: read: connection reset by peer"),
              reset);
    EXPECT_EQ(ShortScrapeError("write tcp [fd00::5]:" + std::string(port) + "->[fd00::9]:80: x"),
              "write tcp [fd00::9]:80: x");
    EXPECT_EQ(ShortScrapeError("a " + source + "b: c " + source + "d"), "a b: c d");
    EXPECT_EQ(ShortScrapeError(source + std::string(200, 'x')), std::string(200, 'x'));
  }
  for (const auto* other : {"a -> b", "a->b", "->", "1:->", ":1->x", "x\n1->2"}) {
    EXPECT_EQ(ShortScrapeError(other).size(), std::string_view(other).size()) << other;
  }
}

// docs/reference/reasons.md is this table.
TEST(Reasons, AreOnTheirPageOfTheReference) {
  std::string page =
      "# Reasons\n\n"
      "What stands in `status.conditions[].reason` and `status.problems[].reason` of a "
      "MonitoringTarget and in its\nevents, gravest first. Made from `operator/plan/reasons.cc` by "
      "its test (`TELLTALE_UPDATE_GOLDEN=1`).\n\n"
      "| reason | what it says | cause | what to do |\n|---|---|---|---|\n";
  for (const auto& info : AllReasons()) {
    page.append("| `").append(info.code).append("` | ").append(info.title).append(" | ");
    page.append(info.cause).append(" | ").append(info.fix).append(" |\n");
  }
  ExpectGolden("../../docs/reference/reasons.md", page);
}

TEST(Reasons, EachHasACodeATitleAndAFixWhenSomethingIsWrong) {
  std::set<std::string_view> codes;
  for (const auto& info : AllReasons()) {
    EXPECT_TRUE(codes.insert(info.code).second) << info.code;
    EXPECT_FALSE(info.title.empty()) << info.code;
    EXPECT_EQ(info.cause.empty(), info.fix.empty()) << info.code;
    EXPECT_EQ(&Info(info.reason), &info);
  }
}

}  // namespace
}  // namespace telltale
