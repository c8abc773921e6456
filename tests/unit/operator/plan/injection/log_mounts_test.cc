// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/log_mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/plan/injection/injected_pod.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kUnseen = "telltale.dev/unseen-logs";

std::shared_ptr<const MonitoringTarget> LogsIn(const std::string& directory) {
  return ShopTarget(R"("logs":{"files":{"directory":")" + directory + R"("}})");
}

Injected InjectLogs(const std::string& spec, const std::vector<std::string>& directories) {
  std::vector<std::shared_ptr<const MonitoringTarget>> targets;
  for (const auto& directory : directories) targets.push_back(LogsIn(directory));
  return Inject(ShopPod(spec), targets);
}

std::string ContainerVariable(const Injected& injected) {
  for (const auto& [none, variable] : injected.Sidecar().At("env").items) {
    if (variable.At("name").scalar == "\"TELLTALE_CONTAINER\"") return variable.At("value").scalar;
  }
  return "";
}

TEST(LogMounts, TheFolderIsReadInTheVolumeOfTheContainerThatWritesThere) {
  const auto injected =
      InjectLogs(R"("volumes":[{"name":"d","emptyDir":{}}],"containers":[{"name":"exporter"},)"
                 R"({"name":"postgres","volumeMounts":[{"name":"d","mountPath":"/data"}]}])",
                 {"/data/log"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("d /data ro"));
  EXPECT_THAT(injected.MountsOf("containers", 0), IsEmpty());
  EXPECT_THAT(injected.MountsOf("containers", 1), ElementsAre("d /data"));
  EXPECT_EQ(ContainerVariable(injected), "\"postgres\"");
  EXPECT_EQ(injected.Annotation(kUnseen), "");
}

TEST(LogMounts, AFolderOfMetricFilesIsSharedAsOneOfLogs) {
  const auto target = ShopTarget(R"("sidecar":{"textfile":{"directory":"/metrics"}})");
  const auto injected = Inject(
      ShopPod(
          R"("volumes":[{"name":"d","emptyDir":{}}],"containers":[{"name":"job","volumeMounts":)"
          R"([{"name":"d","mountPath":"/metrics"}]},{"name":"other"}])"),
      {target, LogsIn("/data/log")});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()),
              ElementsAre(HasSubstr(" /data/log ro"), "d /metrics ro"));
}

TEST(LogMounts, ANativeSidecarMayBeTheOneThatWrites) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"d","emptyDir":{}}],"containers":[{"name":"app"}],"initContainers":[)"
      R"({"name":"agent","restartPolicy":"Always","volumeMounts":[{"name":"d","mountPath":"/data"}]}])",
      {"/data/log"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("d /data ro"));
  EXPECT_THAT(injected.MountsOf("containers", 0), IsEmpty());
  EXPECT_EQ(ContainerVariable(injected), "\"agent\"");
}

TEST(LogMounts, AContainerThatOnlyReadsTheVolumeIsNotTheOneThatWrites) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"l","emptyDir":{}}],"containers":[)"
      R"({"name":"reader","volumeMounts":[{"name":"l","mountPath":"/logs","readOnly":true}]},)"
      R"({"name":"app","volumeMounts":[{"name":"l","mountPath":"/logs"}]}])",
      {"/logs"});
  EXPECT_EQ(ContainerVariable(injected), "\"app\"");
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("l /logs ro"));
  // A volume that somebody else writes is read all the same.
  const auto read = InjectLogs(
      R"("volumes":[{"name":"l","emptyDir":{}}],"containers":[)"
      R"({"name":"reader","volumeMounts":[{"name":"l","mountPath":"/logs","readOnly":true}]}])",
      {"/logs"});
  EXPECT_THAT(read.Mounts(read.Sidecar()), ElementsAre("l /logs ro"));
}

TEST(LogMounts, AReadOnlyVolumeAboveTheFolderLeavesTheOthersAnEmptyOne) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"d","emptyDir":{}}],"containers":[{"name":"app"},)"
      R"({"name":"reader","volumeMounts":[{"name":"d","mountPath":"/data","readOnly":true}]}])",
      {"/data/log"});
  EXPECT_THAT(injected.MountsOf("containers", 0), ElementsAre("telltale-logs /data/log"));
  EXPECT_THAT(injected.MountsOf("containers", 1), ElementsAre("d /data ro"));
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("telltale-logs /data/log ro"));
}

TEST(LogMounts, TheDeepestVolumeCounts) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"d","emptyDir":{}},{"name":"l","emptyDir":{}}],"containers":[{"name":)"
      R"("app","volumeMounts":[{"name":"d","mountPath":"/data"},{"name":"l","mountPath":"/data/log"}]}])",
      {"/data/log"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("l /data/log ro"));
}

TEST(LogMounts, OfTwoVolumesWithinEachOtherOneIsReadAndTheOtherIsSaid) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"d","emptyDir":{}},{"name":"l","emptyDir":{}}],"containers":[{"name":)"
      R"("app","volumeMounts":[{"name":"d","mountPath":"/data"},{"name":"l","mountPath":"/data/log"}]}])",
      {"/data/log", "/data/other"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("l /data/log ro"));
  EXPECT_THAT(injected.Annotation(kUnseen), HasSubstr("/data/other: volume d at /data and"));
}

TEST(LogMounts, AVolumeBelowTheFolderIsSaidWhenAPatternLooksThere) {
  auto unseen = [](const std::string& include, const std::string& more) {
    const auto target =
        ShopTarget(R"("logs":{"files":{"directory":"/data","include":[")" + include + R"("]}})");
    return Inject(ShopPod(R"("volumes":[{"name":"d","emptyDir":{}},{"name":"l","emptyDir":{}}],)"
                          R"("containers":[{"name":"app","volumeMounts":[{"name":"d","mountPath":)"
                          R"("/data"},{"name":"l","mountPath":"/data/log")" +
                          more + "}]}]"),
                  {target})
        .Annotation(kUnseen);
  };
  EXPECT_THAT(unseen("**/*.log", ""), HasSubstr("/data: volume l at /data/log is not read"));
  EXPECT_THAT(unseen("log/x", ""), HasSubstr("/data: volume l at /data/log is not read"));
  EXPECT_EQ(unseen("*.log", ""), "");
  EXPECT_EQ(unseen("**/*.log", R"(,"readOnly":true)"), "");
}

TEST(LogMounts, TwoFoldersInOneVolumeAreMountedOnce) {
  const auto injected =
      InjectLogs(R"("volumes":[{"name":"d","emptyDir":{}}],"containers":[{"name":)"
                 R"("app","volumeMounts":[{"name":"d","mountPath":"/data/"}]}])",
                 {"/data/a", "/data/b"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("d /data ro"));
  EXPECT_EQ(injected.Annotation(kUnseen), "");
}

TEST(LogMounts, ContainersWithVolumesOfTheirOwnThereAreSaid) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"a","emptyDir":{}},{"name":"b","emptyDir":{}}],"containers":[)"
      R"({"name":"one","volumeMounts":[{"name":"a","mountPath":"/logs"}]},)"
      R"({"name":"two","volumeMounts":[{"name":"b","mountPath":"/logs"}]}])",
      {"/logs"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("a /logs ro"));
  EXPECT_THAT(injected.Annotation(kUnseen), HasSubstr("/logs: containers one and two have"));
}

TEST(LogMounts, WhatInitContainersAndNativeSidecarsWriteArrives) {
  const auto injected =
      InjectLogs(R"("initContainers":[{"name":"migrate"},{"name":"agent","restartPolicy":"Always",)"
                 R"("volumeMounts":[]}],"containers":[{"name":"app"},{"name":"web"}])",
                 {"/var/log/app"});
  for (const std::size_t index : {0u, 1u}) {
    EXPECT_THAT(injected.MountsOf("containers", index), ElementsAre("telltale-logs /var/log/app"));
    EXPECT_THAT(injected.MountsOf("initContainers", index + 1),
                ElementsAre("telltale-logs /var/log/app"));
  }
  EXPECT_EQ(ContainerVariable(injected), "\"app\"");
}

TEST(LogMounts, AVolumeThatAnInitContainerHasThereIsGivenToTheApplication) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"l","emptyDir":{}}],"containers":[{"name":"app"}],"initContainers":[)"
      R"({"name":"setup","volumeMounts":[{"name":"l","mountPath":"/logs","subPath":"x"}]}])",
      {"/logs"});
  EXPECT_THAT(injected.MountsOf("containers", 0), ElementsAre("l /logs x"));
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("l /logs x ro"));
}

struct Secretive {
  const char *name, *volume;
};
class NeverShown : public testing::TestWithParam<Secretive> {};

TEST_P(NeverShown, IsNotMountedIntoTheSidecarAndSaid) {
  const std::string spec =
      std::string(R"("volumes":[{"name":"s",)") + GetParam().volume +
      R"(}],"containers":[{"name":"app","volumeMounts":[{"name":"s","mountPath":"/creds"}]},)"
      R"({"name":"other"}])";
  for (const auto* directory : {"/creds", "/creds/deep"}) {
    const auto injected = InjectLogs(spec, {directory, "/var/log/app"});
    EXPECT_EQ(injected.outcome, InjectionOutcome::kInjected);
    EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("telltale-logs /var/log/app ro"));
    EXPECT_THAT(injected.MountsOf("containers", 1), ElementsAre("telltale-logs /var/log/app"));
    EXPECT_THAT(injected.Annotation(kUnseen),
                HasSubstr(std::string(directory) + ": volume s at /creds is "));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Volumes, NeverShown,
    testing::Values(Secretive{"secret", R"("secret":{"secretName":"x"})"},
                    Secretive{"configMap", R"("configMap":{"name":"x"})"},
                    Secretive{"projected", R"("projected":{"sources":[]})"},
                    Secretive{"downwardAPI", R"("downwardAPI":{"items":[]})"},
                    Secretive{"csi",
                              R"("csi":{"driver":"secrets-store.csi.k8s.io","readOnly":true})"},
                    Secretive{"root", R"("hostPath":{"path":"/"})"},
                    Secretive{"kubelet", R"("hostPath":{"path":"/var/lib/kubelet/pods"})"},
                    Secretive{"climbing", R"("hostPath":{"path":"/var/log/../../etc"})"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(LogMounts, AFolderWithASecretBelowItIsStillReadWithoutTheSecret) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"c"}},{"name":"s","secret":{}}],)"
      R"("containers":[{"name":"app","volumeMounts":[{"name":"s","mountPath":"/data/log/key"},)"
      R"({"name":"d","mountPath":"/data"}]}])",
      {"/data/log"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("d /data ro"));
}

TEST(LogMounts, FoldersOfTheNodeForLogsAreRead) {
  const auto injected = InjectLogs(
      R"("volumes":[{"name":"h","hostPath":{"path":"/var/log/shop"}}],"containers":[{"name":"app",)"
      R"("volumeMounts":[{"name":"h","mountPath":"/logs"}]}])",
      {"/logs"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("h /logs ro"));
}

// An older CRD lets these pass.
TEST(LogMounts, NoEmptyVolumeCoversAFolderThatImagesHaveFilesIn) {
  for (const auto* directory : {"/var/log", "/tmp", "/srv", "/usr/local", "/usr/share", "/opt"}) {
    const auto injected = InjectLogs(R"("containers":[{"name":"app"}])", {directory});
    EXPECT_THAT(injected.MountsOf("containers", 0), IsEmpty());
    EXPECT_THAT(injected.Mounts(injected.Sidecar()), IsEmpty());
    EXPECT_THAT(injected.Annotation(kUnseen), HasSubstr("no volume is mounted there"));
    const auto covered = InjectLogs(
        std::string(R"("volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"app",)") +
            R"("volumeMounts":[{"name":"v","mountPath":")" + directory + R"("}]}])",
        {directory});
    EXPECT_THAT(covered.Mounts(covered.Sidecar()),
                ElementsAre("v " + std::string(directory) + " ro"));
  }
}

TEST(LogMounts, WhoeverCreatesThePodIsWarnedOfAnEmptyVolume) {
  const auto injected = InjectLogs(R"("containers":[{"name":"app"}])", {"/var/log/app"});
  ASSERT_EQ(injected.response.At("warnings").items.size(), 1u);
  EXPECT_THAT(injected.response.At("warnings").Text(), HasSubstr("/var/log/app"));
}

TEST(LogMounts, AVolumeOverTheSidecarsOwnFoldersIsSaid) {
  for (const auto* path : {"/var", "/", "/var/lib", "/etc"}) {
    const auto injected = InjectLogs(
        std::string(R"("volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"app",)") +
            R"("volumeMounts":[{"name":"v","mountPath":")" + path + R"("}]}])",
        {std::string(path) == "/etc" ? "/etcetera" : "/var/lib/shop"});
    if (std::string(path) == "/etc") continue;
    EXPECT_THAT(injected.Mounts(injected.Sidecar()), IsEmpty()) << path;
    EXPECT_THAT(injected.Annotation(kUnseen), HasSubstr("lies over folders of the sidecar"));
  }
}

std::string WithExpression(const std::string& expression, const std::string& env) {
  return R"("volumes":[{"name":"d","emptyDir":{}}],"containers":[{"name":"app","env":)" + env +
         R"(,"volumeMounts":[{"name":"d","mountPath":"/logs","subPathExpr":")" + expression +
         R"("}]}])";
}

TEST(LogMounts, ASubPathExprIsMountedWithTheVariablesThatItNames) {
  const auto injected = InjectLogs(
      WithExpression("$(ME)/$(BASE)",
                     R"([{"name":"UNUSED","value":"u"},{"name":"TEAM","value":"a"},)"
                     R"({"name":"BASE","value":"$(TEAM)-x"},{"name":"ME","valueFrom":{"fieldRef":)"
                     R"({"apiVersion":"v1","fieldPath":"metadata.name"}}}])"),
      {"/logs"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("d /logs $(ME)/$(BASE) ro"));
  const std::string env = injected.Sidecar().At("env").Text();
  EXPECT_THAT(env,
              HasSubstr(R"({"name":"TEAM","value":"a"},{"name":"BASE","value":"$(TEAM)-x"},)"
                        R"({"name":"ME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}})"));
  EXPECT_EQ(env.find("UNUSED"), std::string::npos);
}

// kubernetes.io's own example names it so, and the sidecar has it with the same meaning.
TEST(LogMounts, AVariableThatTheSidecarHasAnywayIsNotGivenTwice) {
  const auto injected = InjectLogs(
      WithExpression("$(POD_NAME)", R"([{"name":"POD_NAME","valueFrom":{"fieldRef":)"
                                    R"({"apiVersion":"v1","fieldPath":"metadata.name"}}}])"),
      {"/logs"});
  EXPECT_THAT(injected.Mounts(injected.Sidecar()), ElementsAre("d /logs $(POD_NAME) ro"));
  const std::string env = injected.Sidecar().At("env").Text();
  EXPECT_EQ(env.find("POD_NAME\""), env.rfind("POD_NAME\""));
}

TEST(LogMounts, AnExpressionThatTheSidecarCannotExpandIsSaidAndNotMounted) {
  struct {
    const char *expression, *env, *why;
  } const cases[] = {
      {"$(ME)", "[]", "variable ME is not in env of container app"},
      {"$(ME)", R"([{"name":"ME","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}])",
       "comes from a Secret, a ConfigMap or a resource"},
      {"$(A)",
       R"([{"name":"ME","valueFrom":{"configMapKeyRef":{"name":"s","key":"k"}}},)"
       R"x({"name":"A","value":"$(ME)"}])x",
       "variable ME of container app comes from"},
      {"$(POD_NAME)", R"([{"name":"POD_NAME","value":"x"}])", "has another meaning"},
      {"$(TELLTALE_LISTEN)", R"([{"name":"TELLTALE_LISTEN","value":"x"}])", "has another meaning"},
  };
  for (const auto& test : cases) {
    const auto injected = InjectLogs(WithExpression(test.expression, test.env), {"/logs"});
    EXPECT_THAT(injected.Mounts(injected.Sidecar()), IsEmpty());
    EXPECT_THAT(injected.Annotation(kUnseen), HasSubstr(test.why));
  }
}

}  // namespace
}  // namespace telltale
