// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/sidecar_patch.h"

#include <gtest/gtest.h>

#include "common/text/json_writer.h"
#include "operator/plan/injection/injected_container.h"
#include "operator/plan/injection/json_patch.h"
#include "tests/unit/operator/plan/golden.h"
#include "tests/unit/operator/plan/json_tree.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

using Targets = std::vector<std::shared_ptr<const MonitoringTarget>>;

const InjectionOptions kOptions = {"ghcr.io/telltale/telltale-sidecar:0.1.0", "IfNotPresent"};

std::shared_ptr<const MonitoringTarget> Target(const std::string& spec) {
  return ParseTarget(R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"selector":)"
                     R"({"matchLabels":{"app":"shop"}},)" +
                     spec + "}}");
}

Targets ShopTargets() { return {Target(R"("logs":{"files":{"directory":"/var/log/shop"}})")}; }

Targets TwoTargets() {
  return {Target(R"("logs":{"files":{"directory":"/var/log/shop"}})"),
          Target(R"("logs":{"files":{"directory":"/srv/logs"}},"sidecar":{"resources":)"
                 R"({"requests":{"cpu":"50m"},"limits":{"memory":"128Mi"}}})"),
          Target(R"("logs":{"files":{"directory":"/srv/logs/deep"}},"sidecar":{"resources":)"
                 R"({"requests":{"cpu":"1"}}})")};
}

std::string ReviewOf(const std::string& pod, const std::string& more = "") {
  return R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u-7",)"
         R"("kind":{"group":"","version":"v1","kind":"Pod"},)"
         R"("resource":{"group":"","version":"v1","resource":"pods"},"name":"","namespace":"shop",)"
         R"("operation":"CREATE",)" +
         more + R"("userInfo":{"username":"x"},"object":)" + pod +
         R"(,"oldObject":null,"dryRun":false,"options":{}}})";
}

SelectTargets Always(Targets targets) {
  return [targets](const std::string&, const Labels&) { return targets; };
}

AdmissionAnswer Ask(const std::string& review, const SelectTargets& select) {
  auto answer = AnswerAdmission(review, kOptions, select);
  EXPECT_TRUE(answer.ok()) << answer.error().message;
  return answer.ok() ? *answer : AdmissionAnswer();
}

// The patch in an answer, or "" when there is none.
std::string PatchOf(const AdmissionAnswer& answer) {
  const JsonTree response = ParseTree(answer.body);
  const JsonTree& body = response.At("response");
  EXPECT_EQ(response.At("apiVersion").scalar, "\"admission.k8s.io/v1\"");
  EXPECT_EQ(body.At("uid").scalar, "\"u-7\"");
  EXPECT_EQ(body.At("allowed").scalar, "true");
  EXPECT_EQ(body.Find("patch") == nullptr, body.Find("patchType") == nullptr);
  if (!body.Find("patch")) return "";
  const std::string quoted = body.At("patch").scalar;
  return Base64Decode(quoted.substr(1, quoted.size() - 2)).value();
}

std::string PatchWith(const InjectionOptions& options, const std::string& pod) {
  auto answer = AnswerAdmission(ReviewOf(pod), options, Always(ShopTargets()));
  return answer.ok() ? PatchOf(*answer) : "";
}

InjectionOutcome OutcomeFor(const std::string& pod, const std::string& more = "") {
  const auto answer = Ask(ReviewOf(pod, more), Always(ShopTargets()));
  EXPECT_EQ(PatchOf(answer).empty(), answer.outcome != InjectionOutcome::kInjected);
  return answer.outcome;
}

// A one-container pod with more in its metadata and spec.
std::string Pod1(const std::string& metadata, const std::string& spec) {
  return R"({"metadata":{"labels":{"app":"shop"})" + metadata +
         R"(},"spec":{"containers":[{"name":"a"}])" + spec + "}}";
}

struct Case {
  const char* name;
  Targets (*targets)();
};

class SidecarPatch : public testing::TestWithParam<Case> {
 protected:
  std::string pod = ReadGolden("patch/" + std::string(GetParam().name) + ".pod.json");
  Targets targets = GetParam().targets();
  std::string patch = PatchOf(Ask(ReviewOf(pod), Always(targets)));
};

TEST_P(SidecarPatch, IsAsReviewed) {
  ExpectGolden("patch/" + std::string(GetParam().name) + ".patch.json", PrettyJson(patch));
}

TEST_P(SidecarPatch, AppliedOnceLeavesNothingToDo) {
  const std::string patched = ApplyPatch(ParseTree(pod), patch).Text();
  const auto again = Ask(ReviewOf(patched), Always(targets));
  EXPECT_EQ(again.outcome, InjectionOutcome::kAlreadyThere);
  EXPECT_EQ(PatchOf(again), "");
}

// What the API server's validation would refuse the pod for.
TEST_P(SidecarPatch, MakesAPodWithUniqueVolumesAndMountsOfVolumesThatExist) {
  const JsonTree patched = ApplyPatch(ParseTree(pod), patch);
  std::set<std::string> volumes;
  for (const auto& [key, volume] : patched.At("spec").At("volumes").items) {
    EXPECT_TRUE(volumes.insert(volume.At("name").scalar).second) << volume.Text();
  }
  for (const auto* list : {"containers", "initContainers"}) {
    for (const auto& [key, container] : patched.At("spec").At(list).items) {
      const JsonTree* mounts = container.Find("volumeMounts");
      std::set<std::string> paths;
      for (const auto& [none, mount] : mounts ? mounts->items : decltype(mounts->items)()) {
        EXPECT_TRUE(volumes.contains(mount.At("name").scalar)) << mount.Text();
        EXPECT_TRUE(paths.insert(mount.At("mountPath").scalar).second) << mount.Text();
      }
    }
  }
}

TEST_P(SidecarPatch, KeepsEverythingThatWasThere) {
  const JsonTree before = ParseTree(pod);
  const JsonTree after = ApplyPatch(before, patch);
  EXPECT_EQ(after.At("metadata").At("labels").Text(), before.At("metadata").At("labels").Text());
  for (const auto& [key, value] : before.At("spec").items) {
    if (key == "volumes" || key == "containers" || key == "initContainers") continue;
    EXPECT_EQ(after.At("spec").At(key).Text(), value.Text());
  }
  const auto& containers = before.At("spec").At("containers").items;
  for (std::size_t i = 0; i < containers.size(); ++i) {
    for (const auto& [key, value] : containers[i].second.items) {
      if (key == "volumeMounts") continue;
      EXPECT_EQ(after.At("spec").At("containers").items.at(i).second.At(key).Text(), value.Text());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Pods, SidecarPatch,
                         testing::Values(Case{"plain", ShopTargets}, Case{"bare", TwoTargets},
                                         Case{"rich", TwoTargets}, Case{"covered", ShopTargets}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(AnswerAdmission, AsksWithTheNamespaceOfTheRequestAndThePodsLabels) {
  std::string asked;
  const auto answer = Ask(ReviewOf(Pod1("", "")), [&](const std::string& ns, const Labels& labels) {
    asked = ns + " " + labels.at(0).first + "=" + labels.at(0).second;
    return Targets();
  });
  EXPECT_EQ(asked, "shop app=shop");
  EXPECT_EQ(answer.outcome, InjectionOutcome::kNotSelected);
  EXPECT_EQ(PatchOf(answer), "");
}

TEST(AnswerAdmission, LeavesAlonePodsThatOptOutOrCannotHaveIt) {
  using enum InjectionOutcome;
  EXPECT_EQ(OutcomeFor(Pod1("", "")), kInjected);
  EXPECT_EQ(OutcomeFor(Pod1(R"(,"annotations":{"telltale.dev/inject":"true"})", "")), kInjected);
  EXPECT_EQ(OutcomeFor(Pod1(R"(,"annotations":{"telltale.dev/inject":"false"})", "")), kOptedOut);
  EXPECT_EQ(OutcomeFor(Pod1(R"(,"annotations":{"kubernetes.io/config.mirror":"h"})", "")),
            kImpossible);
  EXPECT_EQ(OutcomeFor(Pod1("", R"(,"hostNetwork":true)")), kImpossible);
  EXPECT_EQ(OutcomeFor(Pod1("", R"(,"os":{"name":"windows"})")), kImpossible);
  EXPECT_EQ(OutcomeFor(Pod1("", R"(,"nodeSelector":{"kubernetes.io/os":"windows"})")), kImpossible);
  EXPECT_EQ(OutcomeFor(Pod1("", R"(,"nodeSelector":{"kubernetes.io/os":"linux"})")), kInjected);
  EXPECT_EQ(
      OutcomeFor(Pod1("", R"(,"initContainers":[{"name":"b","ports":[{"containerPort":9847}]}])")),
      kImpossible);
  EXPECT_EQ(OutcomeFor(Pod1("", R"(,"initContainers":[{"name":"telltale-sidecar"}])")),
            kAlreadyThere);
}

// "user:group" of the sidecar in a pod of a logger and another container; "-" is the pod's own.
std::string SidecarUser(const std::string& pod_context, const std::string& logger_context,
                        const std::string& target = R"("logs":{"files":{"directory":"/l"}})") {
  const std::string pod =
      R"({"metadata":{"labels":{"app":"shop"}},"spec":{"securityContext":)" + pod_context +
      R"(,"volumes":[{"name":"l"}],"containers":[{"name":"other","securityContext":)"
      R"({"runAsUser":7,"runAsGroup":7}},{"name":"logger","securityContext":)" +
      logger_context + R"(,"volumeMounts":[{"name":"l","mountPath":"/l"}]}]}})";
  const std::string patch = PatchOf(Ask(ReviewOf(pod), Always({Target(target)})));
  const JsonTree patched = ApplyPatch(ParseTree(pod), patch);
  const JsonTree& sidecar = patched.At("spec").At("initContainers").items.at(0).second;
  const JsonTree& context = sidecar.At("securityContext");
  EXPECT_EQ(context.At("runAsNonRoot").scalar, "true");
  const JsonTree *user = context.Find("runAsUser"), *group = context.Find("runAsGroup");
  return (user ? user->scalar : "-") + ":" + (group ? group->scalar : "-");
}

// Else it could not read what the application writes for itself alone.
TEST(AnswerAdmission, TheSidecarRunsAsTheContainerWhoseLogsItReads) {
  EXPECT_EQ(SidecarUser("null", R"({"runAsUser":1001,"runAsGroup":2002})"), "1001:2002");
  EXPECT_EQ(SidecarUser(R"({"runAsUser":5})", R"({"runAsUser":1001})"), "1001:-");
  EXPECT_EQ(SidecarUser(R"({"runAsUser":0})", R"({"runAsUser":1001})"), "1001:-");
  EXPECT_EQ(SidecarUser(R"({"runAsUser":5})", R"({"runAsUser":5})"), "-:-");
  EXPECT_EQ(SidecarUser(R"({"runAsUser":5})", R"({"runAsUser":null})"), "-:-");
  EXPECT_EQ(SidecarUser(R"({"runAsUser":5})", "null"), "-:-");
  EXPECT_EQ(SidecarUser("null", R"({"runAsGroup":2002})"), "65532:2002");
  EXPECT_EQ(SidecarUser("null", "null"), "65532:-");
  // Never root, of which restricted Pod Security would refuse the user.
  EXPECT_EQ(SidecarUser("null", R"({"runAsUser":0,"runAsGroup":0})"), "65532:-");
  EXPECT_EQ(SidecarUser(R"({"runAsUser":5})", R"({"runAsUser":0})"), "65532:-");
  // Without logs there is nothing of the application's to read.
  EXPECT_EQ(SidecarUser("null", R"({"runAsUser":1001})", R"("sidecar":{})"), "65532:-");
}

TEST(AnswerAdmission, LooksOnlyAtTheCreationOfPods) {
  const std::string pod = Pod1("", "");
  auto outcome = [&](const std::string& from, const std::string& to) {
    std::string review = ReviewOf(pod);
    review.replace(review.find(from), from.size(), to);
    return Ask(review, Always(ShopTargets())).outcome;
  };
  EXPECT_EQ(outcome("\"CREATE\"", "\"UPDATE\""), InjectionOutcome::kNotSelected);
  EXPECT_EQ(outcome("\"resource\":\"pods\"", "\"resource\":\"deployments\""),
            InjectionOutcome::kNotSelected);
  EXPECT_EQ(OutcomeFor(pod, R"("subResource":"ephemeralcontainers",)"),
            InjectionOutcome::kNotSelected);
}

TEST(AnswerAdmission, AllowsUnchangedWhatItCannotRead) {
  for (const auto* pod :
       {"7", "[]", "\"x\"", "{}", R"({"spec":{"containers":[]}})",
        R"({"spec":{"containers":[{}]}})",
        R"({"metadata":{"labels":[]},"spec":{"containers":[{"name":"a"}]}})",
        R"({"metadata":{"labels":{"a":1}},"spec":{"containers":[{"name":"a"}]}})",
        R"({"spec":{"containers":[{"name":"a","volumeMounts":[{"mountPath":7}]}]}})",
        R"({"spec":{"containers":[{"name":"a"}],"volumes":"x"}})"}) {
    EXPECT_EQ(OutcomeFor(pod), InjectionOutcome::kUnreadable) << pod;
  }
  EXPECT_EQ(OutcomeFor("null"), InjectionOutcome::kUnreadable);
}

TEST(AnswerAdmission, NullArraysAreAsGoodAsNone) {
  const std::string pod = R"({"metadata":{"labels":{"app":"shop"},"annotations":null},"spec":{)"
                          R"("volumes":null,"initContainers":null,)"
                          R"("containers":[{"name":"a","volumeMounts":null}]}})";
  const std::string patch = PatchOf(Ask(ReviewOf(pod), Always(ShopTargets())));
  const JsonTree patched = ApplyPatch(ParseTree(pod), patch);
  EXPECT_EQ(patched.At("spec").At("initContainers").items.size(), 1u);
  EXPECT_EQ(patched.At("spec").At("volumes").items.size(), 4u);
}

TEST(AnswerAdmission, WhatIsNoReviewCannotBeAnswered) {
  const std::string big =
      R"({"kind":"AdmissionReview","request":{"x":")" + std::string(8u << 20, 'x') + "\"}}";
  for (
      const std::string& body :
      {std::string(), std::string("{}"), std::string("[]"), std::string("null"),
       std::string("garbage"), std::string("\xff\x00\x01", 3), std::string(100'000, '['), big,
       std::string(R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{}})"),
       std::string(
           R"({"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1beta1","request":{"uid":"u"}})"),
       std::string(R"({"kind":"Pod","apiVersion":"v1","request":{"uid":"u"}})")}) {
    const auto answer = AnswerAdmission(body, kOptions, Always(ShopTargets()));
    ASSERT_FALSE(answer.ok()) << body.substr(0, 80);
    EXPECT_EQ(answer.error().code, Code::kInvalid);
  }
}

TEST(AnswerAdmission, AReviewCutShortAnywhereIsAnErrorOrAllowedAndNeverPatched) {
  const std::string review = ReviewOf(ReadGolden("patch/rich.pod.json"));
  for (std::size_t length = 0; length < review.size(); ++length) {
    const auto answer = AnswerAdmission(review.substr(0, length), kOptions, Always(TwoTargets()));
    if (answer.ok()) {
      EXPECT_EQ(PatchOf(*answer), "") << "at " << length;
    }
  }
}

TEST(AnswerAdmission, TakesAPodOfEightMebibytes) {
  const std::string pod =
      Pod1(R"(,"annotations":{"big":")" + std::string(8u << 20, 'x') + "\"}", "");
  EXPECT_EQ(OutcomeFor(pod), InjectionOutcome::kInjected);
}

TEST(EscapePointer, FollowsRfc6901) {
  EXPECT_EQ(EscapePointer("telltale.dev/sidecar"), "telltale.dev~1sidecar");
  EXPECT_EQ(EscapePointer("a~/b~1"), "a~0~1b~01");
}

TEST(SidecarPatch, GivesTheApiToTheSidecarOnlyWhereItReadsTheContainersOutput) {
  std::string pod = R"({"metadata":{"labels":{"app":"shop"}},"spec":{"serviceAccountName":"a",)"
                    R"("initContainers":[{"name":"setup"}],"containers":[{"name":"web"},)"
                    R"({"name":"db"}]}})";
  const auto patch = [&](const std::string& logs) {
    return PatchOf(Ask(ReviewOf(pod), Always({Target("\"logs\":" + logs)})));
  };
  const std::string files = patch(R"({"files":{"directory":"/var/log/shop"}})");
  EXPECT_EQ(files.find("telltale-api"), std::string::npos);
  EXPECT_EQ(files.find("TELLTALE_CONTAINERS"), std::string::npos);
  const std::string output = patch(R"({"source":"Stdout","collector":"Sidecar"})");
  EXPECT_NE(output.find(R"({"name":"TELLTALE_CONTAINERS","value":"setup,web,db"})"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find(R"({"name":"telltale-api","mountPath":)"
                        R"("/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true})"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find(R"({"name":"telltale-api","mountPath":"/etc/telltale/api",)"),
            std::string::npos)
      << output;
  EXPECT_NE(output.find(R"({"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}})"),
            std::string::npos);
  EXPECT_EQ(output.find("telltale-logs"), std::string::npos) << "no folder is asked for";
  // As only a pod can be that no ServiceAccount admission saw.
  pod.replace(pod.find("\"a\""), 3, "\"\"");
  EXPECT_EQ(patch(R"({"source":"Stdout","collector":"Sidecar"})").find("telltale-api"),
            std::string::npos);
}

TEST(SidecarPatch, MountsTheSecretForLokiWhereItIsThere) {
  InjectionOptions options = kOptions;
  const std::string pod = R"({"metadata":{"labels":{"app":"shop"}},"spec":{"containers":[{"name":)"
                          R"("c"}],"volumes":[{"name":"telltale-loki","emptyDir":{}}]}})";
  EXPECT_EQ(PatchWith(options, pod).find("telltale-loki"), std::string::npos);
  options.loki_secret = "loki-access";
  const std::string patch = PatchWith(options, pod);
  EXPECT_NE(patch.find(R"({"name":"telltale-loki-2","secret":{"secretName":"loki-access",)"
                       R"("optional":true}})"),
            std::string::npos)
      << patch;
  EXPECT_NE(patch.find(R"({"name":"telltale-loki-2","mountPath":"/etc/telltale/loki",)"
                       R"("readOnly":true})"),
            std::string::npos)
      << patch;
}

}  // namespace
}  // namespace telltale
