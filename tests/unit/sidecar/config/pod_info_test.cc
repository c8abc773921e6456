// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/pod_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(DownwardLabels, ReadsWhatKubeletWrites) {
  const auto labels = ParseDownwardLabels(
      "app=\"shop\"\napp.kubernetes.io/name=\"shop\"\npod-template-hash=\"7d9f\"");
  ASSERT_TRUE(labels.ok());
  EXPECT_THAT(*labels, ElementsAre(Pair("app", "shop"), Pair("app.kubernetes.io/name", "shop"),
                                   Pair("pod-template-hash", "7d9f")));
}

TEST(DownwardLabels, AnEmptyFileHasNoLabels) {
  const auto labels = ParseDownwardLabels("");
  ASSERT_TRUE(labels.ok());
  EXPECT_THAT(*labels, IsEmpty());
}

TEST(DownwardLabels, UndoesTheEscapesOfGo) {
  const auto labels = ParseDownwardLabels(R"(a="quote \" slash \\ tab \t newline \n")"
                                          "\n"
                                          R"(b="\x41\u00e9\U0001f600\u20ac")"
                                          "\n"
                                          R"(c="a=b")");
  ASSERT_TRUE(labels.ok());
  EXPECT_THAT(*labels,
              ElementsAre(Pair("a", "quote \" slash \\ tab \t newline \n"),
                          Pair("b", "A\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac"), Pair("c", "a=b")));
}

TEST(DownwardLabels, NamesTheLineThatItDoesNotUnderstand) {
  for (const char* bad : {"a=\"1\"\nb=2", "a=\"1\"\n=\"2\"", "a=\"1\"\nb=\"\\q\"",
                          "a=\"1\"\nb=\"\\x4\"", "a=\"1\"\nb=\"", "a=\"1\"\nb=\"c\"d\"",
                          "a=\"1\"\nb=\"\\Uffffffff\"", "a=\"1\"\nb=\"\\\"", "a=\"1\"\nword"}) {
    const auto labels = ParseDownwardLabels(bad);
    ASSERT_FALSE(labels.ok()) << bad;
    EXPECT_THAT(labels.error().message, HasSubstr("line 2")) << bad;
  }
}

TEST(IdentityLabels, LeavesOutWhatIsNotKnown) {
  EXPECT_THAT(IdentityLabels({}), IsEmpty());
  PodInfo pod;
  pod.name = "shop-1";
  pod.node = "n1";
  EXPECT_THAT(IdentityLabels(pod), ElementsAre(Pair("node", "n1"), Pair("pod", "shop-1")));
}

TEST(IdentityLabels, AppComesFromTheLabelThatTheOperatorWouldTake) {
  PodInfo pod;
  pod.container = "main";
  EXPECT_EQ(*FindLabel(IdentityLabels(pod), "app"), "main");
  pod.labels = {{"k8s-app", "dns"}};
  EXPECT_EQ(*FindLabel(IdentityLabels(pod), "app"), "dns");
  pod.labels = {{"app", "shop"}, {"k8s-app", "dns"}};
  EXPECT_EQ(*FindLabel(IdentityLabels(pod), "app"), "shop");
  pod.labels = {{"app", "shop"}, {"app.kubernetes.io/name", "store"}, {"k8s-app", "dns"}};
  EXPECT_EQ(*FindLabel(IdentityLabels(pod), "app"), "store");
  EXPECT_EQ(*FindLabel(IdentityLabels(pod), "container"), "main");
}

TEST(PodPorts, AreContainersWithTheirPorts) {
  EXPECT_THAT(ParsePodPorts("main/http/8080,main//9000,side//0,,x,a/b/c,a/b/99999"),
              ElementsAre(PodPort{"main", "http", 8080}, PodPort{"main", "", 9000},
                          PodPort{"side", "", 0}, PodPort{"a", "b", 0}));
  EXPECT_THAT(ParsePodPorts(""), IsEmpty());
}

}  // namespace
}  // namespace telltale
