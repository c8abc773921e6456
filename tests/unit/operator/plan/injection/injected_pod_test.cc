// SPDX-License-Identifier: Apache-2.0
//
// What injection does to a pod beside containers and volumes: users, pull secrets, annotations.
#include "tests/unit/operator/plan/injection/injected_pod.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOneContainer = R"("containers":[{"name":"app"}])";
constexpr const char* kSafeToEvict = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes";

std::vector<std::shared_ptr<const MonitoringTarget>> Logs() {
  return {ShopTarget(R"("logs":{"files":{"directory":"/var/log/app"}})")};
}

// "user:group" of the sidecar in a namespace of OpenShift; "-" is none.
std::string AssignedUser(const std::string& pod_context, const std::string& container_context) {
  const auto injected =
      Inject(ShopPod(R"("securityContext":)" + pod_context + R"(,"containers":[{"name":"app",)" +
                     R"("securityContext":)" + container_context + "}]"),
             Logs(), {.users_are_assigned = true});
  const JsonTree& context = injected.Sidecar().At("securityContext");
  EXPECT_EQ(context.At("runAsNonRoot").scalar, "true");
  const JsonTree *user = context.Find("runAsUser"), *group = context.Find("runAsGroup");
  return (user ? user->scalar : "-") + ":" + (group ? group->scalar : "-");
}

TEST(InjectedPod, WhereOpenShiftAssignsUsersTheSidecarNamesNoneOfItsOwn) {
  EXPECT_EQ(AssignedUser("null", "null"), "-:-");
  EXPECT_EQ(AssignedUser("{}", R"({"runAsUser":null})"), "-:-");
  EXPECT_EQ(AssignedUser(R"({"runAsUser":1000680000})", "null"), "-:-");
  // What the pod may be, the sidecar may be too.
  EXPECT_EQ(AssignedUser("{}", R"({"runAsUser":1000680000})"), "1000680000:-");
  EXPECT_EQ(AssignedUser("{}", R"({"runAsUser":0})"), "-:-");
  // With the pod's root the kubelet would refuse to start it.
  EXPECT_EQ(AssignedUser(R"({"runAsUser":0})", "null"), "65532:-");
}

TEST(InjectedPod, OfANamespaceThatOptedOutStaysAsItIs) {
  const auto injected = Inject(ShopPod(kOneContainer), Logs(), {.opted_out = true});
  EXPECT_EQ(injected.outcome, InjectionOutcome::kOptedOut);
  EXPECT_EQ(injected.pod.Text(), ShopPod(kOneContainer));
}

TEST(InjectedPod, GetsThePullSecretsThatItHasNot) {
  InjectionOptions options = {"sidecar:1", "IfNotPresent"};
  const auto none = Inject(ShopPod(kOneContainer), Logs(), {}, options);
  EXPECT_EQ(none.pod.At("spec").Find("imagePullSecrets"), nullptr);
  options.pull_secrets = {"corp", "mirror"};
  const auto added = Inject(ShopPod(kOneContainer), Logs(), {}, options);
  EXPECT_EQ(added.pod.At("spec").At("imagePullSecrets").Text(),
            R"([{"name":"corp"},{"name":"mirror"}])");
  const auto appended = Inject(ShopPod(std::string(kOneContainer) +
                                       R"(,"imagePullSecrets":[{"name":"own"},{"name":"corp"}])"),
                               Logs(), {}, options);
  EXPECT_EQ(appended.pod.At("spec").At("imagePullSecrets").Text(),
            R"([{"name":"own"},{"name":"corp"},{"name":"mirror"}])");
}

TEST(InjectedPod, ItsVolumesDoNotKeepTheNodeFromBeingRemoved) {
  auto annotation = [](const std::string& metadata, const std::string& volumes) {
    return Inject(ShopPod(volumes + kOneContainer, metadata), Logs()).Annotation(kSafeToEvict);
  };
  EXPECT_EQ(annotation("", ""), "telltale-state,telltale-logs");
  const std::string key = std::string(R"(,"annotations":{")") + kSafeToEvict + "\":";
  EXPECT_EQ(annotation(key + R"("cache"})", ""), "cache,telltale-state,telltale-logs");
  EXPECT_EQ(annotation(key + R"("telltale-logs"})", ""), "telltale-logs,telltale-state");
  EXPECT_EQ(annotation("", R"("volumes":[{"name":"telltale-state","emptyDir":{}}],)"),
            "telltale-state-2,telltale-logs");
}

TEST(InjectedPod, AnnotationsThatNoLongerFitAreLeftOut) {
  auto inject = [](std::size_t bytes) {
    return Inject(
        ShopPod(kOneContainer, R"(,"annotations":{"k":")" + std::string(bytes - 1, 'x') + "\"}"),
        Logs());
  };
  EXPECT_EQ(inject(200'000).Annotation("telltale.dev/sidecar"), "sidecar:1");
  EXPECT_NE(inject(200'000).Annotation(kSafeToEvict), "");
  for (const std::size_t bytes : {262'136u, 262'144u, 262'100u}) {
    const auto injected = inject(bytes);
    EXPECT_EQ(injected.outcome, InjectionOutcome::kInjected);
    EXPECT_EQ(injected.pod.At("metadata").At("annotations").items.size(), 1u) << bytes;
  }
}

// The API server mounts it into each container that has nothing mounted there.
TEST(InjectedPod, ItsServiceAccountsTokenIsNotForTheSidecar) {
  const auto injected = Inject(ShopPod(kOneContainer), Logs());
  EXPECT_THAT(injected.Sidecar().At("volumeMounts").Text(),
              HasSubstr(R"({"name":"telltale-pod","mountPath":)"
                        R"("/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true})"));
  EXPECT_THAT(injected.pod.Text(), Not(HasSubstr("serviceAccountToken")));
}

}  // namespace
}  // namespace telltale
