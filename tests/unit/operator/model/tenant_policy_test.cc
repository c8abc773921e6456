// SPDX-License-Identifier: Apache-2.0
#include "operator/model/tenant_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TenantPolicy Policy(const std::string& list, const std::string& own = "blue") {
  auto policy = TenantPolicy::Parse(list, own);
  EXPECT_TRUE(policy.ok());
  return *policy;
}

MonitoringTarget Asking(const std::string& ns, const std::string& tenant) {
  MonitoringTarget target;
  target.meta.ns = ns;
  target.meta.name = "web";
  target.metrics.emplace();
  target.logs.emplace().tenant = tenant;
  return target;
}

TEST(TenantPolicy, WithoutAListOnlyTheInstallationsOwnTenantIsAllowed) {
  const TenantPolicy policy = Policy("");
  EXPECT_TRUE(policy.Allows("shop", ""));
  EXPECT_TRUE(policy.Allows("shop", "blue"));
  EXPECT_FALSE(policy.Allows("shop", "team-a"));
  EXPECT_FALSE(policy.Allows("telltale", "team-a"));
  EXPECT_FALSE(Policy("", "").Allows("shop", "blue"));
}

TEST(TenantPolicy, EachNamespaceHasItsOwnTenantsAndThoseOfAll) {
  const TenantPolicy policy = Policy("shop=team-a, shop=team-b,bank=team-c,*=public");
  for (const char* tenant : {"team-a", "team-b", "public", "blue"}) {
    EXPECT_TRUE(policy.Allows("shop", tenant)) << tenant;
  }
  EXPECT_FALSE(policy.Allows("shop", "team-c"));
  EXPECT_FALSE(policy.Allows("bank", "team-a"));
  EXPECT_FALSE(policy.Allows("sho", "team-a"));
  EXPECT_FALSE(policy.Allows("shop", "team-a2"));
  EXPECT_TRUE(policy.Allows("anything", "public"));
}

TEST(TenantPolicy, AStarIsEveryTenantOrEveryNamespace) {
  EXPECT_TRUE(Policy("ops=*").Allows("ops", "team-z"));
  EXPECT_FALSE(Policy("ops=*").Allows("shop", "team-z"));
  EXPECT_TRUE(Policy("*=*").Allows("shop", "team-z"));
}

TEST(TenantPolicy, WhatIsNoPairIsNamed) {
  for (const char* list : {"shop", "shop=", "=team-a", "shop=team-a,bank"}) {
    const auto policy = TenantPolicy::Parse(list, "");
    ASSERT_FALSE(policy.ok()) << list;
    EXPECT_THAT(policy.error().message, HasSubstr("must be NAMESPACE=TENANT"));
  }
}

TEST(TenantPolicy, OnlyTheLogsOfAResourceThatAsksForMoreAreLeftOut) {
  const TenantPolicy policy = Policy("shop=team-a");
  MonitoringTarget allowed = Asking("shop", "team-a");
  policy.Apply(allowed);
  EXPECT_TRUE(allowed.logs);
  EXPECT_EQ(allowed.refused_tenant, "");
  MonitoringTarget refused = Asking("bank", "team-a");
  policy.Apply(refused);
  EXPECT_FALSE(refused.logs);
  EXPECT_TRUE(refused.metrics);
  EXPECT_THAT(refused.refused_tenant,
              HasSubstr("spec.logs.tenant is team-a, which namespace bank may not use (it may use "
                        "blue), so no logs are read"));
  MonitoringTarget metrics_only = Asking("bank", "team-a");
  metrics_only.logs.reset();
  policy.Apply(metrics_only);
  EXPECT_EQ(metrics_only.refused_tenant, "");
}

}  // namespace
}  // namespace telltale
