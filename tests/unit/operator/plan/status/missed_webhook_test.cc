// SPDX-License-Identifier: Apache-2.0
//
// Pods without a sidecar: whether they are older than what is asked or the webhook did not see
// them, and by which command they get one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/plan/status/status_shop.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

// t was written at 10:00 and its status later; n/a was made at `created`.
std::string StatusOf(const std::string& created, const std::string& pod_name = "a",
                     const std::string& labels = "") {
  const auto file = ParseWorld(
      R"({"targets":[{"metadata":{"name":"t","namespace":"n","generation":2,"creationTimestamp":)"
      R"("2026-11-20T09:00:00Z","managedFields":[{"manager":"kubectl","time":"2026-11-20T10:00:00Z"},)"
      R"({"manager":"helm","time":"2026-11-20T09:00:00Z"},{"manager":"telltale-operator",)"
      R"("subresource":"status","time":"2026-11-20T11:59:00Z"}]},"spec":{"selector":{"matchLabels":)"
      R"({"app":"x"}},"sidecar":{}}}],"pods":[{"metadata":{"name":")" +
      pod_name + R"(","namespace":"n","uid":"u","labels":{"app":"x")" + labels + "}" +
      (created.empty() ? "" : R"(,"creationTimestamp":")" + created + "\"") +
      R"(},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running","podIP":"10.0.0.1"}}],)"
      R"("prometheus":{}})");
  const auto matched = MatchAll(file.world, file.pods);
  const auto pods = ViewsOf(matched[0].pods);
  return RenderTargetStatus({*matched[0].target, pods, file.view, file.world.trusted_namespaces,
                             ParseRfc3339(kNow).value()});
}

TEST(WithoutSidecar, APodThatWasMadeAfterTheResourceWasMissedByTheWebhook) {
  const auto status = StatusOf("2026-11-20T10:30:00Z");
  EXPECT_EQ(State(status, "Injected"), "False/WebhookMissed");
  EXPECT_EQ(State(status, "Ready"), "False/WebhookMissed");
  EXPECT_THAT(status, HasSubstr("no replica of the operator answered"));
  EXPECT_THAT(status, HasSubstr("kubectl rollout restart"));
}

TEST(WithoutSidecar, AnOlderOneIsToldSoAndOneOfTheSameSecondsIsToldBoth) {
  for (const auto* created : {"2026-11-20T08:00:00Z", "2026-11-20T09:30:00Z"}) {
    const auto status = StatusOf(created);
    EXPECT_EQ(State(status, "Injected"), "False/SidecarMissing") << created;
    EXPECT_THAT(status, HasSubstr("the pod is older than the resource, or than its last change"));
  }
  for (const auto* created : {"2026-11-20T09:59:58Z", "2026-11-20T10:00:02Z", ""}) {
    const auto status = StatusOf(created);
    EXPECT_EQ(State(status, "Injected"), "False/SidecarMissing") << created;
    EXPECT_THAT(status, HasSubstr("or the webhook could not be reached when it was made"));
  }
}

TEST(WithoutSidecar, TheCommandNamesTheWorkloadOfThePod) {
  const std::string later = "2026-11-20T10:30:00Z";
  const std::string hash = R"(,"pod-template-hash":"6d4cf56db6")";
  EXPECT_THAT(StatusOf(later, "my-web-6d4cf56db6-x7k2p", hash),
              HasSubstr("run kubectl rollout restart deployment my-web -n n."));
  EXPECT_THAT(StatusOf(later, "db-0", R"(,"controller-revision-hash":"db-7f6c")"),
              HasSubstr("run kubectl rollout restart statefulset db -n n."));
  EXPECT_THAT(StatusOf(later, "agent-x7k2p", R"(,"controller-revision-hash":"7f6c")"),
              HasSubstr("run kubectl rollout restart daemonset agent -n n."));
  for (const auto* bare : {"a", "a-1"}) {
    EXPECT_THAT(StatusOf(later, bare), HasSubstr("as in kubectl rollout restart deployment NAME"));
  }
  // A name that was cut, and a label that somebody copied.
  EXPECT_THAT(StatusOf(later, "a", hash), HasSubstr("deployment NAME"));
}

}  // namespace
}  // namespace telltale
