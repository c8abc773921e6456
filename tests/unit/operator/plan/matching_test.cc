// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/matching.h"

#include <gtest/gtest.h>

#include "tests/unit/operator/plan/world_file.h"

namespace telltale {
namespace {

std::shared_ptr<const MonitoringTarget> Target(const std::string& ns, const std::string& spec) {
  return ParseTarget(R"({"metadata":{"name":"t","namespace":")" + ns +
                     R"("},"spec":{"selector":{"matchAll":true},"sidecar":{})" + spec + "}}");
}

std::shared_ptr<const Namespace> NamespaceOf(const std::string& name, const Labels& labels = {}) {
  auto ns = std::make_shared<Namespace>();
  ns->meta.name = name;
  ns->meta.labels = labels;
  return ns;
}

const std::set<std::string> kTrusted = {"infra"};

bool Selects(const MonitoringTarget& target, const std::string& ns, const Labels& ns_labels = {}) {
  return TargetSelects(target, ns, {{"app", "x"}}, ns_labels, kTrusted);
}

TEST(TargetSelects, OnlyItsOwnNamespaceByDefault) {
  const auto target = Target("infra", "");
  EXPECT_TRUE(Selects(*target, "infra"));
  EXPECT_FALSE(Selects(*target, "shop"));
}

TEST(TargetSelects, OtherNamespacesOnlyFromATrustedOne) {
  const std::string any = R"(,"namespaceSelector":{"any":true})";
  EXPECT_TRUE(Selects(*Target("infra", any), "shop"));
  EXPECT_FALSE(Selects(*Target("shop", any), "infra"));
  EXPECT_TRUE(Selects(*Target("shop", any), "shop"));
}

TEST(TargetSelects, NamespacesByNameOrByLabel) {
  const auto named = Target("infra", R"(,"namespaceSelector":{"names":["a","b"]})");
  EXPECT_TRUE(Selects(*named, "a"));
  EXPECT_FALSE(Selects(*named, "c"));
  EXPECT_FALSE(Selects(*named, "infra"));
  const auto labelled = Target("infra", R"(,"namespaceSelector":{"matchLabels":{"team":"a"}})");
  EXPECT_TRUE(Selects(*labelled, "x", {{"team", "a"}}));
  EXPECT_FALSE(Selects(*labelled, "x", {{"team", "b"}}));
  EXPECT_FALSE(Selects(*labelled, "x"));
}

TEST(AsksBeyondTrust, IsAboutOtherNamespacesOnly) {
  EXPECT_FALSE(AsksBeyondTrust(*Target("shop", ""), kTrusted));
  EXPECT_FALSE(
      AsksBeyondTrust(*Target("shop", R"(,"namespaceSelector":{"names":["shop"]})"), kTrusted));
  EXPECT_TRUE(
      AsksBeyondTrust(*Target("shop", R"(,"namespaceSelector":{"names":["shop","x"]})"), kTrusted));
  EXPECT_TRUE(AsksBeyondTrust(*Target("shop", R"(,"namespaceSelector":{"any":true})"), kTrusted));
  EXPECT_TRUE(AsksBeyondTrust(*Target("shop", R"(,"namespaceSelector":{"matchLabels":{"a":"b"}})"),
                              kTrusted));
  EXPECT_FALSE(AsksBeyondTrust(*Target("infra", R"(,"namespaceSelector":{"any":true})"), kTrusted));
}

TEST(SelectedNamespaces, AreThoseThatExistAndAreAskedForAndTrusted) {
  World world;
  world.trusted_namespaces = kTrusted;
  world.namespaces = {NamespaceOf("a", {{"team", "a"}}), NamespaceOf("infra"), NamespaceOf("shop")};
  using Names = std::vector<std::string>;
  EXPECT_EQ(SelectedNamespaces(*Target("shop", ""), world), Names{"shop"});
  EXPECT_EQ(SelectedNamespaces(*Target("infra", R"(,"namespaceSelector":{"any":true})"), world),
            (Names{"a", "infra", "shop"}));
  EXPECT_EQ(SelectedNamespaces(*Target("shop", R"(,"namespaceSelector":{"any":true})"), world),
            Names{"shop"});
  EXPECT_EQ(
      SelectedNamespaces(*Target("infra", R"(,"namespaceSelector":{"names":["gone","a"]})"), world),
      Names{"a"});
  EXPECT_EQ(SelectedNamespaces(
                *Target("infra", R"(,"namespaceSelector":{"matchLabels":{"team":"a"}})"), world),
            Names{"a"});
}

}  // namespace
}  // namespace telltale
