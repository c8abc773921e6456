// SPDX-License-Identifier: Apache-2.0
//
// What admission wrote into a pod's annotations, in the status of the resources that select it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operator/plan/status/target_status.h"
#include "tests/fakes/whole_plan.h"
#include "tests/unit/operator/plan/json_tree.h"
#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The status of a target with `spec` and one running pod.
std::string StatusOf(const std::string& spec, const std::string& annotation, bool sidecar) {
  const auto file = ParseWorld(
      R"({"targets":[{"metadata":{"name":"t","namespace":"n","generation":1},"spec":{"selector":)"
      R"({"matchLabels":{"app":"x"}},)" +
      spec +
      R"(}}],"pods":[{"metadata":{"name":"a","namespace":"n","uid":"u-a","labels":{"app":"x"},)"
      R"("annotations":{)" +
      annotation + R"(}},"spec":{)" +
      (sidecar ? R"("initContainers":[{"name":"telltale-sidecar","restartPolicy":"Always"}],)"
               : "") +
      R"("containers":[{"name":"c"}]},"status":{"phase":"Running","podIP":"10.0.0.1"}}],)"
      R"("prometheus":{"up":["n/t|u-a|sidecar"],"logging":["n/a"]}})");
  const auto matched = MatchAll(file.world, file.pods);
  const auto pods = ViewsOf(matched.at(0).pods);
  return RenderTargetStatus(
      {*matched.at(0).target, pods, file.view, file.world.trusted_namespaces, 0});
}

TEST(AdmissionNotes, SayWhyAPodWasLeftAlone) {
  const auto status =
      StatusOf(R"("sidecar":{})",
               R"("telltale.dev/not-injected":"LimitRanges leave nothing of cpu")", false);
  EXPECT_THAT(status, HasSubstr(R"("reason":"SidecarImpossible")"));
  EXPECT_THAT(status, HasSubstr("Pod n/a has no sidecar: LimitRanges leave nothing of cpu; "));
  EXPECT_THAT(status, Not(HasSubstr("rollout restart")));
}

TEST(AdmissionNotes, SayWhichLogFolderIsNotSeen) {
  const std::string notes =
      R"("telltale.dev/unseen-logs":"/creds: volume s at /creds is of type secret\n/b: why")";
  const auto status = StatusOf(R"("logs":{"files":{"directory":"/creds"}})", notes, true);
  EXPECT_THAT(status, HasSubstr(R"("type":"LogsFlowing","status":"False")"));
  EXPECT_THAT(status, HasSubstr("does not see all log files in /creds: volume s at /creds is of "
                                "type secret; "));
  EXPECT_EQ(ParseTree(status).At("problemsCount").Text(), "1");
}

TEST(AdmissionNotes, AboutTheFoldersOfOtherResourcesAreNoProblemOfThisOne) {
  const std::string notes = R"("telltale.dev/unseen-logs":"/creds: why\n/creds2: why")";
  for (const std::string& spec :
       {std::string(R"("logs":{"files":{"directory":"/cred"}})"),
        std::string(R"("logs":{"files":{"directory":"/creds/deep"}})"),
        std::string(R"("sidecar":{})"),
        std::string(R"("logs":{"source":"Stdout","collector":"Sidecar"})")}) {
    EXPECT_EQ(ParseTree(StatusOf(spec, notes, true)).At("problemsCount").Text(), "0") << spec;
  }
}

}  // namespace
}  // namespace telltale
