// SPDX-License-Identifier: Apache-2.0
#include "operator/model/replica_set.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

std::string Item(const std::string& name, const std::string& created, const std::string& app,
                 const std::string& condition, int replicas = 2) {
  return R"({"metadata":{"namespace":"shop","name":")" + name + R"(","creationTimestamp":")" +
         created + R"("},"spec":{"replicas":)" + std::to_string(replicas) +
         R"(,"template":{"metadata":{"labels":{"app":")" + app +
         R"("}},"spec":{"containers":[{"name":"c"}]}}},"status":{"replicas":0,"conditions":[)" +
         condition + "]}}";
}

std::string Fails(const std::string& message, const std::string& reason = "FailedCreate",
                  const std::string& status = "True") {
  return R"({"type":"ReplicaFailure","status":")" + status + R"(","reason":")" + reason +
         R"(","message":")" + message + "\"}";
}

std::optional<RefusedReplicaSet> Find(const std::string& items, const std::string& app = "web") {
  const auto found = FindRefusedReplicaSet(
      R"({"kind":"ReplicaSetList","items":[)" + items + "]}",
      [&](const RefusedReplicaSet& set) { return set.pod_labels == Labels{{"app", app}}; });
  EXPECT_TRUE(found.ok());
  return found.ok() ? *found : std::nullopt;
}

const std::string kMay = "2026-05-01T00:00:00Z", kJune = "2026-06-01T00:00:00Z";

TEST(ReplicaSets, OfThoseWhosePodsAreRefusedTheNewestIsFoundWithItsSentence) {
  const auto found = Find(Item("web-1", kMay, "web", Fails("an old quota")) + "," +
                          Item("web-2", kJune, "web", Fails("exceeded quota")) + "," +
                          Item("db-1", kJune, "db", Fails("other")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "web-2");
  EXPECT_EQ(found->ns, "shop");
  EXPECT_EQ(found->message, "exceeded quota");
  EXPECT_EQ(Find(Item("db-1", kJune, "db", Fails("other")), "db")->name, "db-1");
}

TEST(ReplicaSets, ThatWantNoPodsOrCannotDeleteThemAreNotRefused) {
  EXPECT_FALSE(Find(Item("web-1", kMay, "web", Fails("x"), 0))) << "of an older revision";
  EXPECT_FALSE(Find(Item("web-1", kMay, "web", Fails("x", "FailedDelete"))));
  EXPECT_FALSE(Find(Item("web-1", kMay, "web", Fails("x", "FailedCreate", "False"))));
  EXPECT_FALSE(Find(Item("web-1", kMay, "web", "")));
  EXPECT_FALSE(Find(""));
}

TEST(ReplicaSets, WhatIsNoListIsAnError) {
  const auto all = [](const RefusedReplicaSet&) { return true; };
  EXPECT_FALSE(FindRefusedReplicaSet("", all).ok());
  EXPECT_FALSE(FindRefusedReplicaSet(R"({"items":[{"spec":{"replicas":"two"}}]})", all).ok());
  EXPECT_TRUE(FindRefusedReplicaSet(R"({"items":null})", all).ok());
}

}  // namespace
}  // namespace telltale
