// SPDX-License-Identifier: Apache-2.0
//
// Situations in which something does not work although Prometheus scrapes all that it was told to:
// each has its reason, is not Ready, and is Ready again when it is mended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/plan/status/scrape_error.h"
#include "operator/plan/status/status_compare.h"
#include "tests/unit/operator/plan/status/status_shop.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kUp = R"("up":["n/t|u-a|0","n/t|u-a|sidecar","n/t|u-b|0","n/t|u-b|sidecar"])";
const std::string kFiles = R"("logs":{"files":{"directory":"/var/log/app"}})";
const std::string kOwnMounts = R"({"mountPath":"/etc/telltale/config"})";

std::string StatusIn(const WorldFile& file, Installation installation, int finished = 0) {
  const auto matched = MatchAll(file.world, file.pods);
  const auto pods = ViewsOf(matched[0].pods);
  return RenderTargetStatus({*matched[0].target,
                             pods,
                             file.view,
                             file.world.trusted_namespaces,
                             ParseRfc3339(kNow).value(),
                             {},
                             std::move(installation),
                             {},
                             finished});
}
std::string StatusOf(const WorldFile& file) { return StatusIn(file, {}); }

// A running pod with a sidecar of this image that mounts these.
std::string Injected(const std::string& name, const std::string& mounts,
                     const std::string& image = "sidecar:2") {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"n","uid":"u-)" + name +
         R"(","labels":{"app":"x"},"annotations":{"telltale.dev/sidecar":")" + image +
         R"("}},"spec":{"initContainers":[{"name":"telltale-sidecar","restartPolicy":"Always",)"
         R"("volumeMounts":[)" +
         kOwnMounts + mounts +
         R"(]}],"containers":[{"name":"c","volumeMounts":[{"mountPath":"/tmp/late"}],"ports":)"
         R"([{"name":"http","containerPort":80}]}]},"status":{"phase":"Running","podIP":"10.0.0.1"}})";
}

std::string Mount(const std::string& path) { return R"(,{"mountPath":")" + path + "\"}"; }

void ExpectOutdated(const std::string& status, const std::string& why) {
  EXPECT_EQ(State(status, "Injected"), "False/SidecarOutdated") << status;
  EXPECT_EQ(State(status, "Ready"), "False/SidecarOutdated");
  EXPECT_THAT(status, HasSubstr(why));
  EXPECT_THAT(status, HasSubstr("kubectl rollout restart"));
  EXPECT_THAT(Pods(status), HasSubstr(R"("outdated":)"));
}

TEST(SidecarOutdated, IsAPodWhoseSidecarDoesNotSeeTheLogFolderUntilItIsRestarted) {
  const std::string late = R"("logs":{"files":{"directory":"/tmp/late"}})";
  const std::string view = "{" + kUp + R"(,"logging":["n/a","n/b"]})";
  const std::string fine = Injected("b", Mount("/tmp/late"));
  ExpectOutdated(StatusOf(Shop(late, Injected("a", "") + "," + fine, view)),
                 "1 of 2 sidecars are outdated. The sidecar of pod n/a is outdated: it sees no "
                 "volume at /tmp/late");
  ExpectOutdated(StatusOf(Shop(late, Injected("a", Mount("/tmp/later")), view)), "/tmp/late");
  for (const auto* path : {"/tmp/late", "/tmp/late/", "/tmp", "/"}) {
    const auto status = StatusOf(Shop(late, Injected("a", Mount(path)) + "," + fine, view));
    EXPECT_EQ(State(status, "Ready"), "True/Ready") << path << status;
    EXPECT_THAT(Pods(status), Not(HasSubstr("outdated")));
  }
}

TEST(SidecarOutdated, IsAPodOfAnotherImageThanTheOperatorInjects) {
  const auto file =
      Shop(R"("sidecar":{})", Injected("a", "", "sidecar:1") + "," + Injected("b", "", "sidecar:2"),
           "{" + kUp + "}");
  ExpectOutdated(StatusIn(file, {.sidecar_image = "sidecar:2"}),
                 "The sidecar of pod n/a is outdated: it has image sidecar:1 and not sidecar:2");
  EXPECT_EQ(State(StatusOf(file), "Ready"), "True/Ready") << "nobody knows what is injected";
  // A pod whose annotations were full, or whose sidecar is written by hand, has no such word.
  const auto unknown = Shop(R"("sidecar":{})", RunningPod("a"), "{" + kUp + "}");
  EXPECT_EQ(State(StatusIn(unknown, {.sidecar_image = "sidecar:2"}), "Ready"), "True/Ready");
  // Nobody asks for it any more.
  const auto off = Shop(kMetrics, Injected("a", "", "sidecar:1"), "{" + kUp + "}");
  EXPECT_EQ(State(StatusIn(off, {.sidecar_image = "sidecar:2"}), "Ready"), "True/Ready");
}

TEST(SidecarOutdated, IsAPodWithoutTheRightOrTheCredentialsThatAreNeededNow) {
  const std::string output = R"("logs":{"source":"Stdout","collector":"Sidecar"})";
  const std::string view = "{" + kUp + R"(,"logging":["n/a"]})";
  ExpectOutdated(StatusOf(Shop(output, Injected("a", ""), view)), "it has no right to read");
  const std::string api = Mount("/etc/telltale/api");
  EXPECT_EQ(State(StatusOf(Shop(output, Injected("a", api), view)), "Ready"), "True/Ready");
  const auto files = Shop(kFiles, Injected("a", Mount("/var/log/app")), view);
  ExpectOutdated(StatusIn(files, {.loki_secret = true}), "it has no credentials");
  EXPECT_EQ(State(StatusOf(files), "Ready"), "True/Ready");
}

TEST(LogTruth, FilesThatCannotBeReadAreAProblemWithItsRemedy) {
  const std::string pods = RunningPod("a") + "," + RunningPod("b");
  for (const auto& [reason, remedy] : {std::pair<std::string, std::string>{"permission", "0644"},
                                       {"link", "lead out of"},
                                       {"limit", "narrower"},
                                       {"some_new_reason", "own log names each file"}}) {
    const auto status = StatusOf(Shop(
        kFiles, pods,
        "{" + kUp + R"(,"logging":["n/a","n/b"],)" + R"("unreadable":{"n/b":")" + reason + "\"}}"));
    EXPECT_EQ(State(status, "LogsFlowing"), "False/LogsUnreadable") << reason;
    EXPECT_EQ(State(status, "Ready"), "False/LogsUnreadable");
    EXPECT_THAT(status, HasSubstr("Log files of pod n/b cannot be read (" + reason + ")"));
    EXPECT_THAT(status, HasSubstr(remedy));
  }
  EXPECT_EQ(
      State(StatusOf(Shop(kFiles, pods, "{" + kUp + R"(,"logging":["n/a","n/b"]})")), "Ready"),
      "True/Ready");
  // It is nothing to one that asks for no logs.
  EXPECT_EQ(State(StatusOf(Shop(kMetrics, pods, "{" + kUp + R"(,"unreadable":{"n/b":"link"}})")),
                  "Ready"),
            "True/Ready");
}

TEST(LogTruth, ASidecarThatFindsNoFileIsAProblemOnceThePodIsNotNew) {
  const std::string view = "{" + kUp + R"(,"noFiles":["n/a"]})";
  auto status = StatusOf(Shop(kFiles, RunningPod("a"), view));
  EXPECT_EQ(State(status, "LogsFlowing"), "False/NoLogFiles");
  EXPECT_EQ(State(status, "Ready"), "False/NoLogFiles");
  EXPECT_THAT(status, HasSubstr("finds no file in /var/log/app"));
  const std::string made = R"(,"creationTimestamp":"2026-11-20T11:58:30Z")";
  status = StatusOf(Shop(kFiles, RunningPod("a", made), view));
  EXPECT_EQ(State(status, "LogsFlowing"), "Unknown/NoLinesYet");
  status = StatusOf(
      Shop(kFiles, RunningPod("a"), "{" + kUp + R"(,"noFiles":["n/a"],"logging":["n/a"]})"));
  EXPECT_EQ(State(status, "LogsFlowing"), "True/Flowing") << "they were deleted since";
}

TEST(LogTruth, WithoutALogStoreNoLogsFlow) {
  for (const std::string& logs : {kFiles, std::string(R"("logs":{"source":"Stdout"})")}) {
    const auto file = Shop(logs, RunningPod("a"), "{" + kUp + R"(,"agent":1,"logging":["n/a"]})");
    const auto status = StatusIn(file, {.log_store = false});
    EXPECT_EQ(State(status, "LogsFlowing"), "False/NoLogStore");
    EXPECT_EQ(State(status, "Ready"), "False/NoLogStore");
    EXPECT_EQ(State(StatusOf(file), "Ready"), "True/Ready");
  }
  EXPECT_EQ(State(StatusIn(Shop(kMetrics, RunningPod("a"), "{" + kUp + "}"), {.log_store = false}),
                  "Ready"),
            "True/Ready");
}

TEST(LogTruth, OurNodeAgentsLogsFlowByWhatItExportsAndNotWithoutAnAgent) {
  const std::string spec = R"("logs":{"source":"Stdout"})";
  const std::string pods = RunningPod("a") + "," + RunningPod("b");
  const Installation ours{.promtail = false};
  auto status = StatusIn(Shop(spec, pods, "{}"), ours);
  EXPECT_EQ(State(status, "LogsFlowing"), "False/NoNodeAgent");
  EXPECT_EQ(State(status, "Ready"), "False/NoNodeAgent");
  EXPECT_EQ(State(StatusIn(Shop(spec, pods, "{}"), {.promtail = false, .agents_ask = true}),
                  "LogsFlowing"),
            "Unknown/NodeAgent");
  EXPECT_EQ(State(StatusIn(Shop(spec, pods, R"({"error":"refused"})"), ours), "LogsFlowing"),
            "Unknown/PrometheusUnknown");
  status = StatusIn(Shop(spec, pods, R"({"agent":1})"), ours);
  EXPECT_EQ(State(status, "LogsFlowing"), "Unknown/NoLinesYet");
  EXPECT_THAT(status, HasSubstr("All that is known works on 2 of 2 pods; of the logs: "));
  status = StatusIn(Shop(spec, pods, R"({"agent":1,"logging":["n/a/node"]})"), ours);
  EXPECT_EQ(State(status, "LogsFlowing"), "Unknown/NoLinesYet");
  const std::string both = R"({"agent":1,"logging":["n/a/node","n/b/node"])";
  EXPECT_EQ(State(StatusIn(Shop(spec, pods, both + "}"), ours), "LogsFlowing"), "True/Flowing");
  status = StatusIn(Shop(spec, pods, both + R"(,"unreadable":{"n/b/node":"limit"}})"), ours);
  EXPECT_EQ(State(status, "LogsFlowing"), "False/LogsUnreadable");
  status =
      StatusIn(Shop(spec, pods, both + R"(,"stalled":{"n/a/node":"2026-11-20T11:00:00Z"}})"), ours);
  EXPECT_EQ(State(status, "LogsFlowing"), "False/LogsStalled");
  EXPECT_THAT(status, HasSubstr("node agent"));
}

TEST(LogTruth, PromtailsLogsFlowByWhatItExportsAndAreUnknownWherePrometheusDoesNotScrapeIt) {
  const std::string spec = R"("logs":{"source":"Stdout"})";
  const std::string pods = RunningPod("a") + "," + RunningPod("b");
  EXPECT_EQ(State(StatusOf(Shop(spec, pods, "{}")), "LogsFlowing"), "Unknown/NodeAgent");
  const auto said = [&](const std::string& more) {
    return StatusOf(Shop(spec, pods, R"({"agent":2,"logging":["n/a/node")" + more + "}"));
  };
  EXPECT_EQ(State(said("]"), "LogsFlowing"), "Unknown/NoLinesYet");
  EXPECT_THAT(said("]"), HasSubstr("pod n/b"));
  EXPECT_EQ(State(said(R"(,"n/b/node"])"), "LogsFlowing"), "True/Flowing");
  const auto stalled = said(R"(,"n/b/node"],"stalled":{"n/b/node":"1970-01-01T00:00:00Z"})");
  EXPECT_EQ(State(stalled, "LogsFlowing"), "False/LogsStalled");
  EXPECT_EQ(State(stalled, "Ready"), "False/LogsStalled");
  EXPECT_THAT(stalled,
              HasSubstr("Pod n/b has log lines that wait for the log store: the store is away"));
}

TEST(SidecarTruth, WhereNothingIsInjectedARestartIsNotTheAdvice) {
  const auto file = Shop(R"("sidecar":{})", RunningPod("a", "", false), "{}");
  for (const auto& [installation, reason] :
       {std::pair<Installation, std::string>{{.injects = false}, "InjectionOff"},
        {{.own_namespace = "n"}, "SidecarImpossible"}}) {
    const auto status = StatusIn(file, installation);
    EXPECT_EQ(State(status, "Injected"), "False/" + reason);
    EXPECT_EQ(State(status, "Ready"), "False/" + reason);
    EXPECT_THAT(status, Not(HasSubstr("rollout restart")));
  }
  EXPECT_EQ(State(StatusIn(file, {.own_namespace = "telltale"}), "Injected"),
            "False/SidecarMissing");
  const auto injected = Shop(R"("sidecar":{})", RunningPod("a"), "{" + kUp + "}");
  EXPECT_EQ(State(StatusIn(injected, {.injects = false}), "Ready"), "True/Ready");
}

TEST(SidecarTruth, OneThatRefusesItsConfigurationIsNotReadyAndOneThatIsBehindIsNotYet) {
  const std::string spec = R"("sidecar":{})";
  auto status = StatusOf(Shop(spec, RunningPod("a"), "{" + kUp + R"(,"refused":["n/t|n/a"]})"));
  EXPECT_EQ(State(status, "Injected"), "False/ConfigRefused");
  EXPECT_EQ(State(status, "Ready"), "False/ConfigRefused");
  status = StatusOf(Shop(spec, RunningPod("a"), "{" + kUp + R"(,"refused":["n/other|n/a"]})"));
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
  status = StatusOf(Shop(spec, RunningPod("a"), "{" + kUp + R"(,"generations":{"n/t":"0"}})"));
  EXPECT_EQ(State(status, "Ready"), "Unknown/ConfigPending");
  status =
      StatusOf(Shop(spec, RunningPod("a"), "{" + kUp + R"(,"generations":{"n/t":"1","n/o":"0"}})"));
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
}

TEST(ScrapeTruth, APageWithoutASampleIsNotUp) {
  const std::string pods = RunningPod("a") + "," + RunningPod("b");
  auto status = StatusOf(Shop(kMetrics, pods, "{" + kUp + R"(,"empty":["n/b|n/t|10.0.0.1:80"]})"));
  EXPECT_EQ(State(status, "Scraped"), "False/EmptyPage");
  EXPECT_EQ(State(status, "Ready"), "False/EmptyPage");
  EXPECT_THAT(status, HasSubstr("Pod n/b at http://10.0.0.1:80/metrics"));
  EXPECT_EQ(Pods(status), R"({"matched":2,"injected":2,"up":1,"down":1,"logging":0})");
  status = StatusOf(Shop(
      kMetrics, pods,
      "{" + kUp +
          R"(,"empty":["n/b|n/t|10.0.0.1:81","o/a|n/t|10.0.0.1:80","n/b|n/other|10.0.0.1:80"]})"));
  EXPECT_EQ(State(status, "Ready"), "True/Ready") << "another port, pod, or resource";
}

TEST(ScrapeTruth, APageThatIsScrapedOverTlsIsNamedSo) {
  const auto status =
      StatusOf(Shop(R"("metrics":{"endpoints":[{"port":443,"scheme":"https"}]})", RunningPod("a"),
                    R"({"down":{"n/t|u-a|0":"server gave HTTP response to HTTPS client"}})"));
  EXPECT_THAT(status, HasSubstr("Pod n/a at https://10.0.0.1:443/metrics"));
}

TEST(ScrapeTruth, OfTwoPagesOfOnePortTheEmptyOneIsNamed) {
  const std::string metrics =
      R"("metrics":{"job":"shops","endpoints":[{"port":80},{"port":80,"path":"/other"}]})";
  const std::string up = R"("up":["n/t|u-a|0","n/t|u-a|1"])";
  const auto status = StatusOf(
      Shop(metrics, RunningPod("a"), "{" + up + R"(,"empty":["n/a|shops|10.0.0.1:80/other"]})"));
  EXPECT_EQ(State(status, "Scraped"), "False/EmptyPage");
  EXPECT_THAT(status, HasSubstr("1 of 2 targets are not up. Pod n/a at http://10.0.0.1:80/other"));
}

TEST(ScrapeTruth, APortNameOfTwoContainersIsNamedWithBoth) {
  const std::string pod =
      R"({"metadata":{"name":"a","namespace":"n","uid":"u-a","labels":{"app":"x"}},"spec":{"containers":)"
      R"([{"name":"one","ports":[{"name":"http","containerPort":80}]},{"name":"two","ports":)"
      R"([{"name":"http","containerPort":81}]}]},"status":{"phase":"Running","podIP":"10.0.0.1"}})";
  auto status = StatusOf(Shop(kMetrics, pod, "{" + kUp + "}"));
  EXPECT_EQ(State(status, "Discovered"), "False/PortAmbiguous");
  EXPECT_THAT(status, HasSubstr("container one, which is scraped, and in container two"));
  const std::string both = R"("metrics":{"endpoints":[{"port":"http","container":"one"},)"
                           R"({"port":"http","container":"two"}]})";
  status = StatusOf(Shop(both, pod, R"({"up":["n/t|u-a|0","n/t|u-a|1"]})"));
  EXPECT_EQ(State(status, "Ready"), "True/Ready");
}

// A running or pending pod whose container waits.
std::string WaitingPod(const std::string& name, const std::string& phase,
                       const std::string& container, const std::string& reason) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"n","uid":"u-)" + name +
         R"(","labels":{"app":"x"}},"spec":{"containers":[{"name":"c","ports":[{"name":"http",)"
         R"("containerPort":80}]}]},"status":{"phase":")" +
         phase + R"(","podIP":"10.0.0.1","containerStatuses":[{"name":")" + container +
         R"(","state":{"waiting":{"reason":")" + reason + R"("}}}]}})";
}

TEST(PodTruth, AContainerThatCannotRunIsNamedAndNotItsPort) {
  const std::string down = R"({"up":["n/t|u-b|0"],"down":{"n/t|u-a|0":"connection refused"}})";
  for (const auto& [phase, why, reason] :
       {std::tuple<std::string, std::string, std::string>{"Running", "CrashLoopBackOff",
                                                          "CrashLoop"},
        {"Pending", "ImagePullBackOff", "ImagePull"},
        {"Pending", "ErrImagePull", "ImagePull"},
        {"Pending", "InvalidImageName", "ImagePull"},
        {"Pending", "CreateContainerConfigError", "CannotStart"}}) {
    const auto status = StatusOf(Shop(
        kMetrics, WaitingPod("a", phase, "telltale-sidecar", why) + "," + RunningPod("b"), down));
    EXPECT_EQ(State(status, "Ready"), "False/" + reason) << status;
    EXPECT_EQ(State(status, "Discovered"), "False/" + reason);
    EXPECT_THAT(status, HasSubstr("Container telltale-sidecar of pod n/a waits ("));
    EXPECT_EQ(ParseTree(status).At("problemsCount").scalar, "1") << status;
  }
  for (const auto* normal : {"ContainerCreating", "PodInitializing"}) {
    const auto status = StatusOf(Shop(kMetrics, WaitingPod("a", "Pending", "c", normal), "{}"));
    EXPECT_EQ(State(status, "Ready"), "False/NotRunning") << "an old pod that still waits";
  }
}

TEST(ScrapeTruth, TlsOnEitherSideARedirectAndHtmlAreNamed) {
  const auto code = [](std::string_view error, std::string_view url = "") {
    return std::string(Info(ClassifyScrapeError(error, url)).code);
  };
  EXPECT_EQ(
      code(R"(Get "http://10.0.0.1:8443/metrics": net/http: HTTP/1.x transport connection broken: )"
           R"(malformed HTTP response "\x15\x03\x03\x00\x02\x02P")"),
      "TLS");
  EXPECT_EQ(code("Client sent an HTTP request to an HTTPS server"), "TLS");
  EXPECT_EQ(code(R"(Get "https://10.0.0.1/m": http: server gave HTTP response to HTTPS client)"),
            "TLS");
  EXPECT_EQ(
      code("tls: failed to verify certificate: x509: certificate signed by unknown authority"),
      "TLS");
  EXPECT_EQ(code(R"(malformed HTTP response "SSH-2.0")"), "ScrapeFailed");

  const std::string asked = "http://10.0.0.1:8080/metrics";
  const std::string away =
      R"(Get "https://127.0.0.1:8443/login": dial tcp 127.0.0.1:8443: connect: connection refused)";
  EXPECT_EQ(code(away, asked), "Redirect");
  EXPECT_EQ(ShortScrapeError(away, asked),
            "redirected to https://127.0.0.1:8443/login: dial tcp 127.0.0.1:8443: connect: "
            "connection refused");
  EXPECT_EQ(code(R"(Get "/metrics": stopped after 10 redirects)", ""), "Redirect");
  EXPECT_EQ(code(R"(Get "http://10.0.0.1:8080/metrics?a=b": dial tcp: connect: connection refused)",
                 asked),
            "ConnectionRefused");

  EXPECT_THAT(ScrapeAdvice(Reason::kBadContent, R"(received unsupported Content-Type "text/html")"),
              HasSubstr("HTML page"));
  EXPECT_THAT(
      ScrapeAdvice(Reason::kBadContent, R"(expected a valid start token, got "<" ("INVALID"))"),
      HasSubstr("HTML page"));
  EXPECT_THAT(ScrapeAdvice(Reason::kBadContent, "invalid metric type"), Not(HasSubstr("HTML")));
  EXPECT_THAT(ScrapeAdvice(Reason::kScrapeFailed, "server returned HTTP status 500 Internal"),
              HasSubstr("HTTP status 500"));
  EXPECT_THAT(ScrapeAdvice(Reason::kScrapeFailed, "server returned HTTP status 400 Bad Request"),
              HasSubstr("TLS"));
}

TEST(ScrapeAdvice, NamesTheLimitThatWasExceededAndWhatHelps) {
  const std::vector<std::pair<std::string, std::string>> errors = {
      {"sample limit exceeded", "fewer series, or name a class with a higher sample_limit"},
      {"body size limit exceeded", "a higher body_size_limit"},
      {"label_limit exceeded (metric: up, number of labels: 73, limit: 64)", "labels from that"},
      {"label_name_length_limit exceeded (metric: m, label name: ll, length: 600, limit: 512)",
       "shorten it, or name a class with a higher label_name_length_limit"},
      {"label_value_length_limit exceeded (metric: m, label name: sql, value: \"SELECT 1\", "
       "length: 9000, limit: 2048)",
       "shorten it in the application"},
      {"histogram bucket limit exceeded", "a coarser resolution"},
      {"target_limit exceeded (number of targets: 300, limit: 200)", "raise target_limit"},
      {"another limit exceeded", "class with a higher limit"},
  };
  for (const auto& [error, advice] : errors) {
    EXPECT_EQ(ClassifyScrapeError(error), Reason::kLimitExceeded) << error;
    EXPECT_THAT(ScrapeAdvice(Reason::kLimitExceeded, error), HasSubstr(advice)) << error;
  }
}

TEST(WorthTelling, IsAtMostTwoOfAWriteAndNothingOfWhatIsNotKnownYet) {
  const auto change = [](std::string type, std::string status, std::string reason,
                         std::string old = "") {
    return ConditionChange{std::move(type), std::move(status), std::move(reason), "m",
                           std::move(old)};
  };
  const auto told = [](const std::vector<ConditionChange>& changes) {
    std::string text;
    for (const auto& each : WorthTelling(changes)) text += each.type + "=" + each.status + " ";
    return text;
  };
  EXPECT_EQ(
      told({change("Accepted", "True", "Accepted"), change("Discovered", "True", "Discovered"),
            change("Scraped", "Unknown", "NotYetScraped"),
            change("Ready", "Unknown", "NotYetScraped")}),
      "");
  EXPECT_EQ(told({change("Scraped", "True", "Up", "Unknown"),
                  change("Ready", "True", "Ready", "Unknown")}),
            "Ready=True ");
  EXPECT_EQ(told({change("Scraped", "False", "Auth", "True"),
                  change("LogsFlowing", "False", "Auth", "True"),
                  change("Ready", "False", "Auth", "True")}),
            "Ready=False ");
  EXPECT_EQ(told({change("Injected", "False", "SidecarMissing"), change("Scraped", "False", "Auth"),
                  change("LogsFlowing", "False", "LogsStalled"),
                  change("Ready", "False", "SidecarMissing")}),
            "Ready=False Scraped=False ");
  EXPECT_EQ(told({change("Scraped", "Unknown", "PrometheusUnknown", "True"),
                  change("Ready", "Unknown", "PrometheusUnknown", "True")}),
            "Ready=Unknown ");
}

}  // namespace
}  // namespace telltale
