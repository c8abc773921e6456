// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/release_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/fakes/fake_api.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kConfigurations =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
constexpr const char* kRole = "/apis/rbac.authorization.k8s.io/v1/clusterroles/b-operator";

class ReleaseWatchTest : public ::testing::Test {
 protected:
  ReleaseWatchTest() {
    Installed({{"b-operator", "2026-11-30T12:00:05Z"}});
    fake_.objects[kRole] = R"({"metadata":{"name":"b-operator","uid":"u-1"}})";
  }
  void Installed(const std::vector<std::pair<std::string, std::string>>& all) {
    std::string items;
    for (const auto& [name, created] : all) {
      items += (items.empty() ? "" : ",");
      items += R"({"metadata":{"name":")" + name + R"(","creationTimestamp":")" + created +
               R"("},"webhooks":[]})";
    }
    fake_.objects[kConfigurations] = R"({"items":[)" + items + "]}";
  }

  FakeApi fake_;
  Api api_{fake_};
  Registry registry_;
  ReleaseWatch watch_{{"b-operator", "b-operator"}, api_, registry_};
};

TEST_F(ReleaseWatchTest, NothingIsWrittenBeforeTheFirstLook) {
  EXPECT_TRUE(watch_.Yields());
  watch_.LookOnce();
  EXPECT_FALSE(watch_.Yields());
}

TEST_F(ReleaseWatchTest, TheOlderOfTwoWritesAndTheOtherOneAfterItIsGone) {
  Installed({{"a-operator", "2026-11-30T12:00:06Z"}, {"b-operator", "2026-11-30T12:00:05Z"}});
  watch_.LookOnce();
  EXPECT_FALSE(watch_.Yields());
  Installed({{"z-operator", "2026-11-30T12:00:04Z"}, {"b-operator", "2026-11-30T12:00:05Z"}});
  watch_.LookOnce();
  EXPECT_TRUE(watch_.Yields());
  EXPECT_EQ(watch_.Older(), "z-operator");
  std::string page;
  registry_.Render(page);
  EXPECT_THAT(page, HasSubstr("telltale_other_installation 1\n"));
  Installed({{"b-operator", "2026-11-30T12:00:05Z"}});
  watch_.LookOnce();
  EXPECT_FALSE(watch_.Yields());
}

TEST_F(ReleaseWatchTest, OfTwoOfOneSecondExactlyOneWrites) {
  const std::vector<std::pair<std::string, std::string>> both = {
      {"a-operator", "2026-11-30T12:00:05Z"}, {"b-operator", "2026-11-30T12:00:05Z"}};
  Installed(both);
  ReleaseWatch other({"a-operator", ""}, api_, registry_);
  watch_.LookOnce();
  other.LookOnce();
  EXPECT_TRUE(watch_.Yields());
  EXPECT_FALSE(other.Yields());
}

TEST_F(ReleaseWatchTest, AnOperatorWithoutAConfigurationIsNoInstallation) {
  Installed({{"a-operator", "2026-11-30T12:00:05Z"}});
  watch_.LookOnce();
  EXPECT_FALSE(watch_.Yields());
}

TEST_F(ReleaseWatchTest, WhatCannotBeReadKeepsWhatWasKnownAndStopsNobodyAtTheStart) {
  fake_.fail = {{kConfigurations, 403}, {kRole, 403}};
  watch_.LookOnce();
  EXPECT_FALSE(watch_.Yields());
  EXPECT_EQ(watch_.Owner(), "");
  fake_.fail.clear();
  Installed({{"a-operator", "2026-11-30T12:00:04Z"}, {"b-operator", "2026-11-30T12:00:05Z"}});
  watch_.LookOnce();
  fake_.fail = {{kConfigurations, 503}, {kRole, 503}};
  watch_.LookOnce();
  EXPECT_TRUE(watch_.Yields());
  EXPECT_THAT(watch_.Owner(), HasSubstr("u-1"));
  EXPECT_THAT(fake_.writes, IsEmpty());
}

TEST_F(ReleaseWatchTest, TheOwnerIsTheClusterRoleAsItIsNow) {
  watch_.LookOnce();
  EXPECT_EQ(watch_.Owner(), R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole",)"
                            R"("name":"b-operator","uid":"u-1"})");
  fake_.objects[kRole] = R"({"metadata":{"name":"b-operator","uid":"u-2"}})";
  watch_.LookOnce();
  EXPECT_THAT(watch_.Owner(), HasSubstr("u-2"));
}

}  // namespace
}  // namespace telltale
