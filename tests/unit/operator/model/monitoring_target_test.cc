// SPDX-License-Identifier: Apache-2.0
#include "operator/model/monitoring_target.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/model/parse.h"

namespace telltale {
namespace {

constexpr std::string_view kFull = R"({
  "apiVersion": "telltale.dev/v1alpha1", "kind": "MonitoringTarget",
  "metadata": {"name": "shop", "namespace": "shop", "uid": "t-1", "generation": 3},
  "spec": {
    "selector": {"matchLabels": {"app": "shop"}},
    "namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]},
    "metrics": {
      "endpoints": [
        {"port": "http", "path": "/api/m", "interval": "5s", "params": {"match[]": "x"}},
        {"port": 9090, "container": "proxy", "interval": "1m", "timeout": "20s"}, {"port": "8080"}],
      "labels": {"fromPod": [{"from": "app.kubernetes.io/version", "to": "version"}],
                 "static": {"team": "a"}}},
    "logs": {"source": "Files", "files": {"directory": "/var//log/shop/", "exclude": ["old/*.log"]},
             "labels": {"kind": "app"}, "tenant": "team-a"},
    "sidecar": {"mode": "Auto", "interval": "30s", "collectors": ["network"],
                "resources": {"requests": {"cpu": 1, "memory": "32Mi"}, "limits": {"cpu": "2"}}}},
  "status": { "observedGeneration": 2 }
})";

// A whole target around one spec.
std::string WithSpec(std::string_view spec) {
  return R"({"metadata":{"name":"t","namespace":"n"},"spec":)" + std::string(spec) + "}";
}

MonitoringTarget Decoded(const std::string& json) {
  MonitoringTarget target;
  const Status status = Parse(json, DecodeMonitoringTarget, target);
  EXPECT_TRUE(status.ok()) << status.error().message;
  return target;
}

MonitoringTarget Usable(const std::string& json) {
  MonitoringTarget target;
  (void)Parse(json, DecodeMonitoringTarget, target);
  return target;
}

std::string SpecError(std::string_view spec) {
  return ErrorOf(WithSpec(spec), DecodeMonitoringTarget);
}

std::string EndpointError(std::string_view endpoint) {
  return SpecError(R"({"selector":{"matchAll":true},"metrics":{"endpoints":[)" +
                   std::string(endpoint) + "]}}");
}

std::string LogsError(std::string_view logs) {
  return SpecError(R"({"selector":{"matchAll":true},"logs":)" + std::string(logs) + "}");
}

std::string StageError(std::string_view stage) {
  return LogsError(R"({"source":"Stdout","pipeline":[)" + std::string(stage) + "]}");
}

std::string SidecarError(std::string_view sidecar) {
  return SpecError(R"({"selector":{"matchAll":true},"sidecar":)" + std::string(sidecar) + "}");
}

TEST(DecodeMonitoringTarget, ReadsEveryField) {
  const auto target = Decoded(std::string(kFull));
  EXPECT_EQ(target.meta.Key(), "shop/shop");
  EXPECT_EQ(target.meta.generation, 3);
  ASSERT_TRUE(target.namespaces && target.namespaces->labels);
  EXPECT_TRUE(target.namespaces->labels->Matches({{"team", "x"}}));
  ASSERT_TRUE(target.metrics);
  const auto& endpoints = target.metrics->endpoints;
  ASSERT_EQ(endpoints.size(), 3u);
  EXPECT_EQ(endpoints[0].port.name, "http");
  EXPECT_EQ(endpoints[0].path, "/api/m");
  EXPECT_EQ(endpoints[0].params, (Labels{{"match[]", "x"}}));
  EXPECT_EQ(endpoints[1].port.number, 9090);
  EXPECT_EQ(endpoints[1].container, "proxy");
  EXPECT_EQ(endpoints[1].timeout_ms, 20'000);
  EXPECT_EQ(endpoints[2].port.number, 8080);
  EXPECT_EQ(target.metrics->from_pod.at(0).from, "app.kubernetes.io/version");
  EXPECT_EQ(target.metrics->from_pod.at(0).to, "version");
  EXPECT_EQ(target.metrics->static_labels, (Labels{{"team", "a"}}));
  ASSERT_TRUE(target.logs);
  EXPECT_EQ(target.logs->collector, LogsSpec::Collector::kSidecar);
  EXPECT_EQ(target.logs->directory, "/var/log/shop");
  EXPECT_EQ(target.logs->include, (std::vector<std::string>{"*.log"}));
  EXPECT_EQ(target.logs->exclude, (std::vector<std::string>{"old/*.log"}));
  EXPECT_EQ(target.logs->tenant, "team-a");
  ASSERT_TRUE(target.sidecar);
  EXPECT_EQ(target.sidecar->interval_ms, 30'000);
  EXPECT_EQ(target.sidecar->collectors, (std::vector<std::string>{"network"}));
  EXPECT_EQ(target.sidecar->requests, (Labels{{"cpu", "1"}, {"memory", "32Mi"}}));
  EXPECT_EQ(target.sidecar->limits, (Labels{{"cpu", "2"}}));
  EXPECT_EQ(target.status_json, R"({ "observedGeneration": 2 })");
  EXPECT_TRUE(target.WantsSidecar());
}

TEST(DecodeMonitoringTarget, AnAbsentTimeoutIsTenSecondsOrTheInterval) {
  const auto target = Decoded(std::string(kFull));
  EXPECT_EQ(target.metrics->endpoints[0].timeout_ms, 5'000);
  EXPECT_EQ(target.metrics->endpoints[2].interval_ms, 15'000);
  EXPECT_EQ(target.metrics->endpoints[2].timeout_ms, 10'000);
}

TEST(DecodeMonitoringTarget, UnknownFieldsAreIgnored) {
  Decoded(
      WithSpec(R"({"selector":{"matchAll":true,"x":1},"later":[{}],"sidecar":{"push":{"x":{}}}})"));
}

TEST(DecodeMonitoringTarget, PushesAreOffUnlessTheyAreAskedFor) {
  const auto push = [](const std::string& sidecar) {
    return Decoded(WithSpec(R"({"selector":{"matchAll":true},"sidecar":)" + sidecar + "}"))
        .sidecar->pushgateway;
  };
  EXPECT_EQ(push("{}"), std::nullopt);
  EXPECT_EQ(push(R"({"push":{}})"), std::nullopt);
  EXPECT_EQ(push(R"({"push":{"pushgateway":{}}})"), PushgatewaySpec{});
  EXPECT_EQ(push(R"({"push":{"pushgateway":{"expireAfter":"1h30m","maxSeries":5}}})"),
            (PushgatewaySpec{5'400'000, 5}));
}

TEST(DecodeMonitoringTarget, LimitsOfPushesThatTheSidecarWouldRefuseAreRefused) {
  EXPECT_EQ(SidecarError(R"({"push":{"pushgateway":{"expireAfter":"500ms"}}})"),
            "spec.sidecar.push.pushgateway.expireAfter: must be 1s to 8760h");
  EXPECT_EQ(SidecarError(R"({"push":{"pushgateway":{"maxSeries":0}}})"),
            "spec.sidecar.push.pushgateway.maxSeries: must be 1 to 100000");
  EXPECT_NE(SidecarError(R"({"push":{"pushgateway":{"maxSeries":"many"}}})"), "");
  EXPECT_NE(SidecarError(R"({"push":{"pushgateway":7}})"), "");
}

TEST(DecodeMonitoringTarget, SomePartsDecideWhetherPodsGetTheSidecar) {
  const auto wants = [](std::string_view parts) {
    return Decoded(WithSpec(R"({"selector":{"matchAll":true})" + std::string(parts) + "}"))
        .WantsSidecar();
  };
  EXPECT_FALSE(wants(R"(,"metrics":{"endpoints":[{"port":1}]})"));
  EXPECT_TRUE(wants(R"(,"sidecar":{})"));
  EXPECT_FALSE(wants(R"(,"sidecar":{"mode":"Off"})"));
  EXPECT_TRUE(wants(R"(,"logs":{"files":{"directory":"/l"}})"));
  EXPECT_FALSE(wants(R"(,"logs":{"source":"Stdout"})"));
  EXPECT_FALSE(wants(R"(,"sidecar":{},"suspend":true)"));
}

TEST(DecodeMonitoringTarget, SelectorsThatMeanNothingAreRefused) {
  EXPECT_EQ(SpecError(R"({"selector":{}})"),
            "spec.selector: is empty and selects nothing: add matchLabels or matchExpressions, or "
            "set matchAll: true");
  EXPECT_EQ(SpecError("{}"), "spec.selector: is required: it says which pods are meant");
  EXPECT_EQ(SpecError(R"({"selector":{"matchAll":true,"matchLabels":{"a":"b"}}})"),
            "spec.selector: takes matchAll: true only without matchLabels and matchExpressions");
  EXPECT_EQ(
      SpecError(R"({"selector":{"matchAll":true},"namespaceSelector":{"any":true,"names":["a"]}})"),
      "spec.namespaceSelector: takes one of any, names and matchLabels/matchExpressions");
}

TEST(DecodeMonitoringTarget, EndpointsAreCheckedBecauseOneBadTargetSpoilsTheList) {
  EXPECT_EQ(EndpointError(R"({"port":"http"})"), "");
  const std::string at = "spec.metrics.endpoints[0].";
  EXPECT_EQ(EndpointError("{}"), at + "port: is required: a port name or a number");
  EXPECT_EQ(EndpointError(R"({"port":0})"), at + "port: must be between 1 and 65535");
  EXPECT_EQ(EndpointError(R"({"port":99999999999})"), at + "port: must be between 1 and 65535");
  EXPECT_EQ(EndpointError(R"({"port":true})"), at + "port: must be a port name or a number");
  EXPECT_EQ(EndpointError(R"({"port":1.5})"), at + "port: must be a port name or a number");
  EXPECT_EQ(EndpointError(R"({"port":1,"path":"metrics"})"), at + "path: must start with /");
  EXPECT_EQ(EndpointError(R"({"port":1,"interval":"5"})"),
            at + "interval: must be a duration such as 15s or 1m30s");
  EXPECT_EQ(EndpointError(R"({"port":1,"interval":5})"),
            at + "interval: must be a duration in quotes, such as \"15s\"");
  EXPECT_EQ(EndpointError(R"({"port":1,"interval":"500ms"})"),
            at + "interval: must be at least 1s");
  EXPECT_EQ(EndpointError(R"({"port":1,"timeout":"20s","interval":"10s"})"),
            at + "timeout: must not be longer than the interval");
  EXPECT_EQ(EndpointError(R"({"port":1,"scheme":"tcp"})"), at + "scheme: must be http or https");
  EXPECT_EQ(EndpointError(R"({"port":1,"class":"A b"})"),
            at + "class: is not the name of a class: 1 to 63 lower case letters, digits and -");
  EXPECT_EQ(EndpointError(R"({"port":1,"params":{"":"x"}})"),
            at + "params: has a parameter without a name");
  const std::string wrong =
      at + "params: has a parameter whose name is not 1 to 64 letters, digits and _.:[]-";
  const std::vector<std::string> bad = {"bad key\\n", "\\u00e9", "a=b",
                                        "{}",         "\\\"",    std::string(65, 'x')};
  for (const std::string& name : bad) {
    EXPECT_EQ(EndpointError(R"({"port":1,"params":{")" + name + R"(":"y"}})"), wrong) << name;
  }
  const std::vector<std::string> good = {"match[]", "module", "a.b-c:d", "1", std::string(64, 'x')};
  for (const std::string& name : good) {
    EXPECT_EQ(EndpointError(R"({"port":1,"params":{")" + name + R"(":"y"}})"), "") << name;
  }
}

TEST(DecodeMonitoringTarget, LabelsThatWouldLieOrBreakPrometheusAreRefused) {
  const auto error = [](std::string_view labels) {
    return SpecError(
        R"({"selector":{"matchAll":true},"metrics":{"endpoints":[{"port":1}],"labels":)" +
        std::string(labels) + "}}");
  };
  EXPECT_EQ(error(R"({"static":{"team":"a"}})"), "");
  EXPECT_NE(error(R"({"static":{"le":"5"}})").find("the label le is one of histograms"),
            std::string::npos);
  EXPECT_NE(error(R"({"fromPod":[{"from":"a","to":"quantile"}]})").find("the label quantile is"),
            std::string::npos);
  EXPECT_EQ(error(R"({"static":{"pod":"a"}})"),
            "spec.metrics.labels.static: the label pod is set by Telltale: choose another name");
  EXPECT_NE(error(R"({"static":{"__address__":"evil:1"}})"), "");
  EXPECT_NE(error(R"({"static":{"a-b":"c"}})"), "");
  EXPECT_NE(error(R"({"fromPod":[{"from":"x","to":"__scheme__"}]})"), "");
  EXPECT_NE(error(R"({"fromPod":[{"from":"x"}]})"), "");
  EXPECT_EQ(error(R"({"fromPod":[{"to":"x"}]})"),
            "spec.metrics.labels.fromPod[0].from: names no label of the pod");
}

TEST(DecodeMonitoringTarget, LogsMustFitTheirSourceAndTheSidecar) {
  EXPECT_EQ(LogsError(R"({"files":{"directory":"/var/log/shop"}})"), "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout"})"), "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","collector":"Sidecar"})"), "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","containers":{"include":["app-1"],"exclude":["2"]}})"),
            "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","containers":{"include":[],"exclude":["a"]}})"), "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","containers":{"include":["a"],"exclude":["b","a"]}})"),
            "spec.logs.containers: reads nothing: every name of include is in exclude, too");
  EXPECT_NE(LogsError(R"({"source":"Stdout","containers":{"exclude":["istio-*"]}})"), "");
  EXPECT_EQ(LogsError(R"({"files":{"directory":"/l"},"containers":{"include":["a"]}})"),
            "spec.logs.containers: belongs to source: Stdout; files are chosen by files.include");
  EXPECT_EQ(LogsError(R"({"source":"Files","collector":"Node"})"),
            "spec.logs: takes source: Files only with collector: Sidecar");
  EXPECT_NE(LogsError("{}"), "");
  for (const auto* bad : {"var/log", "/", "/var/../etc", "/a:b", "/etc/telltale/config", "/etc",
                          "/var/lib/telltale", "/var"}) {
    EXPECT_NE(LogsError(R"({"files":{"directory":")" + std::string(bad) + "\"}}"), "") << bad;
  }
  // Nothing in the sidecar's own file system but log volumes can be read, its token least of all.
  for (const auto* bad :
       {"/proc/1/root", "/sys/fs", "/dev/shm", "/etc/creds", "/run", "/run/secrets/x", "/var/run",
        "/var/run/secrets/kubernetes.io/serviceaccount", "/var/lib/kubelet/pods"}) {
    EXPECT_NE(LogsError(R"({"files":{"directory":")" + std::string(bad) + "\"}}"), "") << bad;
  }
  for (const auto* good : {"/var/log", "/tmp/x", "/var/run/shop", "/run/shop", "/etcetera"}) {
    EXPECT_EQ(LogsError(R"({"files":{"directory":")" + std::string(good) + "\"}}"), "") << good;
  }
  EXPECT_NE(LogsError(R"({"files":{"directory":"/l","include":["../x"]}})"), "");
  EXPECT_NE(LogsError(R"({"files":{"directory":"/l","include":["/x"]}})"), "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","labels":{"filename":"x"}})"),
            "spec.logs.labels: the label filename is set by Telltale: choose another name");
  for (const std::string& wrong :
       std::vector<std::string>{"a b", "a|b", "..", "a\\nb", std::string(151, 'a')}) {
    EXPECT_EQ(LogsError(R"({"source":"Stdout","tenant":")" + wrong + "\"}"),
              "spec.logs.tenant: must be the name of a tenant in Loki: at most 150 letters, digits "
              "and !-_.*'()");
  }
  EXPECT_EQ(LogsError(R"({"files":{"directory":"/l"},"pipeline":[{"drop":{"expression":"x"}}]})"),
            "");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","pipeline":[{"alert":{"name":"A"}}]})"),
            "spec.logs.pipeline: takes alert only with collector: Sidecar");
  EXPECT_EQ(LogsError(R"({"files":{"directory":"/l"},"pipeline":[{"drop":{"expression":"x"}},
                          {"multiline":{"firstline":"x"}}]})"),
            "spec.logs.pipeline: takes multiline only as its first stage");
  EXPECT_EQ(LogsError(R"({"source":"Stdout","multiline":{"firstline":"x"},
                          "pipeline":[{"multiline":{"firstline":"x"}}]})"),
            "spec.logs.multiline: is a stage of pipeline, too: remove one");
}

TEST(DecodeMonitoringTarget, EveryKindOfStageIsTakenAndChecked) {
  for (const char* good : {
           R"({"logfmt":{"mapping":{"level":"lvl"},"source":"x"}})",
           R"({"timestamp":{"source":"t","format":"Unix","fallbackFormats":["RFC3339"],
               "location":"UTC","actionOnFailure":"skip"}})",
           R"({"structuredMetadata":{"values":{"trace":""}}})",
           R"({"drop":{"sources":["a","b"],"value":"1;2","dropCounterReason":"r"}})",
           R"({"drop":{"olderThan":"24h","longerThan":"8KiB"}})",
           R"({"sample":{"rate":0.25}})",
           R"({"limit":{"rate":10,"burst":20,"drop":true}})",
           R"_({"replace":{"expression":"(a)","replace":"*"}})_",
           R"({"metrics":[{"name":"n","type":"counter","matchAll":true,"action":"inc"},
               {"name":"h","type":"histogram","source":"took","buckets":[0.1,1]}]})",
       }) {
    EXPECT_EQ(StageError(good), "") << good;
  }
  for (const char* bad : {
           R"({"logfmt":{}})",
           R"({"timestamp":{"source":"t","format":"Unix","actionOnFailure":"guess"}})",
           R"({"structuredMetadata":{"values":{"a b":""}}})",
           R"({"drop":{"value":"x"}})",
           R"({"drop":{"source":"a","value":"x","expression":"y"}})",
           R"({"drop":{"longerThan":"much"}})",
           R"({"sample":{"rate":2}})",
           R"({"sample":{}})",
           R"({"limit":{"rate":10}})",
           R"({"replace":{"expression":"(","replace":"*"}})",
           R"({"metrics":[]})",
           R"({"metrics":[{"name":"n","type":"counter","action":"set"}]})",
           R"({"metrics":[{"name":"n","type":"summary"}]})",
       }) {
    EXPECT_NE(StageError(bad), "") << bad;
  }
}

TEST(DecodeMonitoringTarget, AnAlertStageMustNotSayWhereItsAlertsComeFrom) {
  const auto error = [](const std::string& labels) {
    return LogsError(R"({"source":"Stdout","collector":"Sidecar","pipeline":[{"alert":{"name":"A",)"
                     R"("maxAge":"10m","labels":)" +
                     labels + "}}]}");
  };
  EXPECT_EQ(error(R"({"severity":"page","team":"web"})"), "");
  for (const std::string name : {"namespace", "pod", "container", "node", "cluster", "job", "app",
                                 "filename", "telltale_target", "alertname"}) {
    EXPECT_EQ(error("{\"severity\":\"page\",\"" + name + "\":\"x\"}"),
              "spec.logs.pipeline[0].alert.labels: the label " + name +
                  " says where an alert comes from and is set by Telltale: choose another name");
  }
}

TEST(DecodeMonitoringTarget, StagesThatPromtailWouldRefuseAreRefused) {
  EXPECT_EQ(StageError(R"({"json":{"expressions":{"level":"","id":"request.ids[0].\"a b\""}}})"),
            "");
  EXPECT_EQ(StageError(R"({"regex":{"expression":"(?P<level>[A-Z]+)\\.$"}})"), "");
  EXPECT_EQ(StageError(R"({"timestamp":{"source":"t","format":"RFC3339"}})"), "");
  EXPECT_EQ(StageError(R"({"labels":{"values":{"level":""}}})"), "");
  EXPECT_EQ(StageError(R"({"drop":{"source":"level","expression":"debug"}})"), "");
  EXPECT_EQ(StageError(R"({"multiline":{"firstline":"^\\d","maxWait":"2s"}})"), "");

  EXPECT_NE(StageError("{}"), "");
  EXPECT_NE(StageError(R"({"json":{},"regex":{}})"), "");
  EXPECT_NE(StageError(R"({"json":{"expressions":{"a":"b ||"}}})"), "");
  EXPECT_NE(StageError(R"({"json":{"expressions":{"a":"b."}}})"), "");
  EXPECT_NE(StageError(R"({"json":{"expressions":{"a b":""}}})"), "");
  EXPECT_EQ(
      StageError(R"({"regex":{"expression":"(a"}})"),
      "spec.logs.pipeline[0].regex.expression: must be an RE2 regular expression: missing ): (a");
  EXPECT_NE(StageError(R"_({"regex":{"expression":"(?=a)"}})_"), "");
  EXPECT_NE(StageError(R"({"regex":{"expression":"a\\Cb"}})"), "");
  EXPECT_NE(StageError(R"({"regex":{}})"), "");
  EXPECT_NE(StageError(R"({"timestamp":{"source":"t"}})"), "");
  EXPECT_NE(StageError(R"({"labels":{"values":{"pod":"x"}}})"), "");
  EXPECT_NE(StageError(R"({"drop":{}})"), "");
  EXPECT_NE(StageError(R"({"multiline":{"firstline":"*"}})"), "");
}

TEST(DecodeMonitoringTarget, ReadsPollsAndFilesOfMetrics) {
  const auto target = Decoded(WithSpec(R"({"selector":{"matchAll":true},"sidecar":{
      "http":[{"name":"health","port":8080},
              {"name":"admin","port":8443,"path":"/a?b=1","scheme":"https","insecureSkipVerify":true,
               "interval":"30s","timeout":"2s","status":[200,401],"body":"ok"}],
      "textfile":{"directory":"/metrics/","maxAge":"1h"}}})"));
  ASSERT_TRUE(target.sidecar);
  ASSERT_EQ(target.sidecar->http.size(), 2u);
  EXPECT_EQ(target.sidecar->http[0],
            (HttpPollSpec{"health", 8080, "/", false, false, 0, 5'000, {}, ""}));
  EXPECT_EQ(target.sidecar->http[1],
            (HttpPollSpec{"admin", 8443, "/a?b=1", true, true, 30'000, 2'000, {200, 401}, "ok"}));
  EXPECT_EQ(target.sidecar->textfile_directory, "/metrics");
  EXPECT_EQ(target.sidecar->textfile_max_age_ms, 3'600'000);
}

TEST(DecodeMonitoringTarget, PollsAndFilesThatTheSidecarWouldRefuseAreRefused) {
  EXPECT_EQ(SidecarError(R"_({"http":[{"name":"a","port":80,"body":"(?=x)"}]})_"),
            "spec.sidecar.http[0].body: must be an RE2 regular expression: invalid perl operator: "
            "(?= (RE2 has no look-around, back references or possessive repeats)");
  EXPECT_EQ(SidecarError(R"({"http":[{"name":"a","port":80},{"name":"a","port":81}]})"),
            "spec.sidecar.http[1].name: is the one of an earlier entry");
  for (const char* poll :
       {R"({"port":80})", R"({"name":"a"})", R"({"name":"a","port":0})",
        R"({"name":"a","port":80,"path":"x"})", R"({"name":"a","port":80,"path":"/#x"})",
        R"({"name":"a","port":80,"path":"/a b"})", R"({"name":"a","port":80,"scheme":"ftp"})",
        R"({"name":"a","port":80,"status":[20]})", R"({"name":"a","port":80,"interval":"10ms"})",
        R"({"name":"a","port":80,"timeout":"2m"})"}) {
    EXPECT_NE(SidecarError(R"({"http":[)" + std::string(poll) + "]}"), "") << poll;
  }
  EXPECT_EQ(SidecarError(R"({"textfile":{}})"), "spec.sidecar.textfile.directory: is required");
  EXPECT_NE(SidecarError(R"({"textfile":{"directory":"/etc/telltale"}})"), "");
  EXPECT_NE(SidecarError(R"({"textfile":{"directory":"metrics"}})"), "");
}

TEST(DecodeMonitoringTarget, ASidecarThatNoPodCouldStartWithIsRefused) {
  EXPECT_EQ(
      SidecarError(R"({"resources":{"requests":{"memory":"1Gi"},"limits":{"memory":"64Mi"}}})"),
      "spec.sidecar.resources.requests.memory: must not be above the limit of 64Mi");
  EXPECT_NE(SidecarError(R"({"resources":{"limits":{"cpu":"lots"}}})"), "");
  EXPECT_NE(SidecarError(R"({"resources":{"limits":{"cpu":"0"}}})"), "");
  EXPECT_NE(SidecarError(R"({"mode":"Maybe"})"), "");
  EXPECT_NE(SidecarError(R"({"interval":"10ms"})"), "");
  EXPECT_NE(SidecarError(R"({"collectors":["gpu"]})"), "");
}

TEST(DecodeMonitoringTarget, ABadPartLeavesTheOthersWorking) {
  const auto target = Usable(WithSpec(
      R"({"selector":{"matchLabels":{"a":"b"}},"metrics":{"endpoints":[{"port":1}]},)"
      R"("logs":{"source":"Stdout","pipeline":[{"regex":{"expression":"("}}]},"sidecar":7})"));
  EXPECT_TRUE(target.metrics);
  EXPECT_FALSE(target.logs);
  EXPECT_FALSE(target.sidecar);
  EXPECT_EQ(target.invalid.size(), 2u);
  EXPECT_TRUE(target.selector.Matches({{"a", "b"}}));
}

TEST(DecodeMonitoringTarget, APartThatIsTooLongToKeepIsLeftOut) {
  const std::string stage =
      R"j({"replace":{"expression":"(a)","replace":")j" + std::string(1000, 'x') + R"j("}})j";
  std::string stages = stage;
  while (stages.size() < 60'000) stages += "," + stage;
  const auto spec = [](const std::string& pipeline) {
    return WithSpec(R"({"selector":{"matchAll":true},"metrics":{"endpoints":[{"port":1}]},)"
                    R"("logs":{"source":"Stdout","pipeline":[)" +
                    pipeline + "]}}");
  };
  EXPECT_TRUE(Usable(spec(stages)).logs);
  const auto target = Usable(spec(stages + "," + stages));
  EXPECT_FALSE(target.logs);
  EXPECT_TRUE(target.metrics);
  ASSERT_EQ(target.invalid.size(), 1u);
  EXPECT_NE(target.invalid[0].find("spec.logs: is 12"), std::string::npos) << target.invalid[0];
  EXPECT_NE(target.invalid[0].find("at most 65536"), std::string::npos) << target.invalid[0];
}

TEST(DecodeMonitoringTarget, ASelectorThatIsTooLongToKeepSelectsNothing) {
  std::string names = R"("n0")";
  while (names.size() < 70'000) names += R"(,"namespace")";
  for (const std::string& spec :
       {R"({"selector":{"matchAll":true},"namespaceSelector":{"names":[)" + names + "]}}",
        R"({"selector":{"matchExpressions":[{"key":"a","operator":"In","values":[)" + names +
            "]}]}}"}) {
    const auto target = Usable(WithSpec(spec));
    EXPECT_FALSE(target.selector.Matches({{"a", "n0"}}));
    ASSERT_EQ(target.invalid.size(), 1u) << target.invalid.back();
    EXPECT_NE(target.invalid[0].find("bytes long"), std::string::npos) << target.invalid[0];
  }
}

TEST(DecodeMonitoringTarget, LabelsOfTheResourceItselfAreNotKept) {
  EXPECT_TRUE(Decoded(R"({"metadata":{"name":"t","namespace":"n","labels":{"a":"b"}},)"
                      R"("spec":{"selector":{"matchAll":true}}})")
                  .meta.labels.empty());
}

TEST(DecodeMonitoringTarget, ABadSelectorSelectsNothing) {
  for (const auto* spec :
       {R"({"selector":{"matchLabels":{"a":1}},"sidecar":{}})", R"({"selector":[],"sidecar":{}})",
        R"({"selector":{"matchAll":true},"namespaceSelector":{"names":"a"}})", R"("x")",
        R"({"sidecar":{}})"}) {
    const auto target = Usable(WithSpec(spec));
    EXPECT_FALSE(target.selector.Matches({{"a", "1"}})) << spec;
    EXPECT_FALSE(target.invalid.empty()) << spec;
  }
}

TEST(DecodeMonitoringTarget, ATargetCutShortAnywhereIsAnErrorAndSelectsNothing) {
  for (std::size_t length = 0; length < kFull.size(); ++length) {
    MonitoringTarget target;
    const auto cut = kFull.substr(0, length);
    EXPECT_FALSE(Parse(cut, DecodeMonitoringTarget, target).ok()) << "at " << length;
    EXPECT_FALSE(target.selector.Matches({{"app", "shop"}})) << "at " << length;
  }
}

TEST(IsLabelName, TakesWhatPrometheusAndLokiTake) {
  EXPECT_TRUE(IsLabelName("a"));
  EXPECT_TRUE(IsLabelName("_A9"));
  EXPECT_FALSE(IsLabelName(""));
  EXPECT_FALSE(IsLabelName("9a"));
  EXPECT_FALSE(IsLabelName("a.b"));
  EXPECT_FALSE(IsLabelName("\xC3\xA4"));
}

}  // namespace
}  // namespace telltale
