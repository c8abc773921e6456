// SPDX-License-Identifier: Apache-2.0
//
// What lists and watches of FakeCluster give, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/net/http/http.h"
#include "tests/fakes/kube/cluster/sample_objects.h"
#include "tests/fakes/kube/cluster/test_requests.h"

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Maps a, b, c, d, e at versions 1002 to 1006 (1001 is the namespace).
void PutFive(TestCluster& t) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    ASSERT_EQ(t.Do("POST", kMaps, MapJson(name, R"({"x":"1"})")).status, 201);
  }
}

TEST(FakeList, IsSortedAndItemsHaveNoKind) {
  TestCluster t;
  PutFive(t);
  const Json list = t.Tree("GET", kMaps);
  EXPECT_EQ(list.StringOf("kind"), "ConfigMapList");
  EXPECT_EQ(Version(list), "1006");
  ASSERT_EQ(list.Find("items")->items.size(), 5u);
  EXPECT_EQ(list.Find("items")->items[0].Find("kind"), nullptr);
  EXPECT_EQ(list.Find("items")->items[4].Find("metadata")->StringOf("name"), "e");
}

TEST(FakeList, PagesComeFromTheVersionOfTheFirst) {
  TestCluster t;
  PutFive(t);
  Json page = t.Tree("GET", std::string(kMaps) + "?limit=2");
  EXPECT_EQ(page.Find("metadata")->Find("remainingItemCount")->text, "3");
  t.Do("DELETE", std::string(kMaps) + "/c");
  t.Do("POST", kMaps, MapJson("bb", "{}"));
  std::string names;
  while (true) {
    EXPECT_EQ(Version(page), "1006");
    for (const Json& item : page.Find("items")->items) {
      names += item.Find("metadata")->StringOf("name");
    }
    const std::string token(page.Find("metadata")->StringOf("continue"));
    if (token.empty()) break;
    page = t.Tree("GET", std::string(kMaps) + "?limit=2&continue=" + token);
  }
  EXPECT_EQ(names, "abcde");
}

TEST(FakeList, AContinueTokenExpiresAndTellsHowToGoOn) {
  TestCluster t({.history_events = 2});
  PutFive(t);
  const Json page = t.Tree("GET", std::string(kMaps) + "?limit=2");
  const std::string next = std::string(kMaps) + "?limit=9&continue=" +
                           std::string(page.Find("metadata")->StringOf("continue"));
  t.Do("DELETE", std::string(kMaps) + "/c");
  t.Do("DELETE", std::string(kMaps) + "/a");
  t.Do("DELETE", std::string(kMaps) + "/b");
  EXPECT_EQ(t.Do("GET", next).status, 200) << "the snapshot is kept for a while";
  t.clock.Advance(std::chrono::minutes(6));
  const Json gone = t.Tree("GET", next);
  EXPECT_EQ(gone.Find("code")->text, "410");
  EXPECT_EQ(gone.StringOf("reason"), "Expired");
  const Json rest = t.Tree("GET", std::string(kMaps) + "?limit=9&continue=" +
                                      std::string(gone.Find("metadata")->StringOf("continue")));
  EXPECT_EQ(Version(rest), "1009");
  EXPECT_EQ(rest.Find("items")->items.size(), 2u) << "d and e: an inconsistent rest";
}

TEST(FakeList, VersionsAreNotOlderThanExactOrTooLarge) {
  TestCluster t;
  PutFive(t);
  EXPECT_EQ(Version(t.Tree("GET", std::string(kMaps) + "?resourceVersion=1003")), "1006");
  const std::string exact = std::string(kMaps) + "?resourceVersionMatch=Exact&resourceVersion=";
  EXPECT_EQ(t.Tree("GET", exact + "1003").Find("items")->items.size(), 2u);
  EXPECT_EQ(t.Do("GET", exact + "0").status, 422);
  EXPECT_EQ(t.Do("GET", exact + "7").status, 410);
  const ApiResponse future = t.Do("GET", std::string(kMaps) + "?resourceVersion=5000");
  EXPECT_EQ(future.status, 504);
  EXPECT_EQ(future.retry_after_seconds, 1);
  EXPECT_THAT(future.body, HasSubstr("ResourceVersionTooLarge"));
  const Json cached = t.Tree("GET", std::string(kMaps) + "?resourceVersion=0&limit=2");
  EXPECT_EQ(cached.Find("items")->items.size(), 5u) << "the watch cache does not page";
}

TEST(FakeList, SelectsByNameNamespaceAndLabels) {
  TestCluster t;
  PutFive(t);
  ASSERT_TRUE(
      t.cluster
          .Put("/api/v1/namespaces/shop/configmaps/a", R"({"metadata":{"labels":{"app":"web"}}})")
          .ok());
  const auto count = [&](const std::string& target) {
    return t.Tree("GET", target).Find("items")->items.size();
  };
  EXPECT_EQ(count("/api/v1/configmaps"), 6u);
  EXPECT_EQ(count("/api/v1/configmaps?fieldSelector=metadata.name%3Da"), 2u);
  EXPECT_EQ(count("/api/v1/configmaps?labelSelector=app%3Dweb"), 1u);
  EXPECT_EQ(count("/api/v1/configmaps?labelSelector=!app"), 5u);
  EXPECT_EQ(t.Do("GET", "/api/v1/configmaps?fieldSelector=data.x%3Da").status, 400);
}

TEST(FakeList, CustomResourcesAreSortedByKeyAndKeepTheirKind) {
  TestCluster t;
  ASSERT_TRUE(t.cluster.Put(std::string(kTargets) + "/web", R"({"spec":{"b":1,"a":2}})").ok());
  const ApiResponse list = t.Do("GET", kTargets);
  EXPECT_THAT(list.body, ::testing::StartsWith(R"({"apiVersion":"telltale.dev/v1alpha1","items":[)"
                                               R"({"apiVersion":"telltale.dev/v1alpha1","kind":)"
                                               R"("MonitoringTarget","metadata":{"creation)"));
  EXPECT_THAT(list.body, HasSubstr(R"("spec":{"a":2,"b":1})"));
  EXPECT_THAT(list.body, HasSubstr(R"("metadata":{"continue":"","resourceVersion":"1002"}})"));
}

TEST(FakeWatch, GivesWhatHappensAfterAVersion) {
  TestCluster t;
  PutFive(t);
  FakeReply watch = t.Watch(kMaps, "resourceVersion=1004");
  EXPECT_THAT(Drain(watch), ElementsAre("ADDED d@1005", "ADDED e@1006"));
  t.Do("DELETE", std::string(kMaps) + "/a");
  t.Do("PUT", std::string(kMaps) + "/b", MapJson("b", R"({"x":"2"})"));
  EXPECT_THAT(Drain(watch), ElementsAre("DELETED a@1007", "MODIFIED b@1008"));
  EXPECT_FALSE(Ended(watch));
}

TEST(FakeWatch, BeginsWithInitialEventsAndSaysTheirEnd) {
  TestCluster t;
  PutFive(t);
  FakeReply watch = t.Watch(kMaps,
                            "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                            "&allowWatchBookmarks=true&fieldSelector=metadata.name%3Db");
  t.Do("DELETE", std::string(kMaps) + "/b");
  std::string line;
  ASSERT_EQ(watch.stream->Next(line), FakeBody::State::kMore);
  EXPECT_THAT(line, HasSubstr(R"("resourceVersion":"1003")"));
  line.clear();
  ASSERT_EQ(watch.stream->Next(line), FakeBody::State::kMore);
  EXPECT_EQ(line,
            R"({"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":)"
            R"({"resourceVersion":"1006","annotations":{"k8s.io/initial-events-end":"true"}}}})"
            "\n");
  EXPECT_THAT(Drain(watch), ElementsAre("DELETED b@1007"));
}

TEST(FakeWatch, InitialEventsFollowTheRulesForVersions) {
  TestCluster t;
  PutFive(t);
  EXPECT_EQ(t.Watch(kMaps, "sendInitialEvents=true").status, 422);
  EXPECT_EQ(t.Watch(kMaps, "resourceVersionMatch=NotOlderThan").status, 422);
  FakeReply future = t.Watch(kMaps,
                             "sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                             "&resourceVersion=9999");
  EXPECT_THAT(Drain(future), ElementsAre("ERROR 504"));
  FakeClusterOptions old = t.cluster.options();
  old.watch_list = false;
  t.cluster.SetOptions(old);
  EXPECT_EQ(t.Watch(kMaps, "sendInitialEvents=true&resourceVersionMatch=NotOlderThan").status, 400);
}

TEST(FakeWatch, OfAnOldVersionEndsWith410) {
  TestCluster t({.history_events = 2});
  PutFive(t);
  FakeReply watch = t.Watch(kMaps, "resourceVersion=1003");
  EXPECT_EQ(watch.status, 200);
  EXPECT_THAT(Drain(watch), ElementsAre("ERROR 410"));
  EXPECT_TRUE(Ended(watch));
  FakeReply fresh = t.Watch(kMaps, "resourceVersion=1004");
  EXPECT_THAT(Drain(fresh), ElementsAre("ADDED d@1005", "ADDED e@1006"));
  FakeClusterOptions options = t.cluster.options();
  options.expired_as_status = true;
  t.cluster.SetOptions(options);
  EXPECT_EQ(t.Watch(kMaps, "resourceVersion=1003").status, 410);
}

TEST(FakeWatch, HistoryIsForgottenByAgeAndByCompaction) {
  TestCluster t({.history_age = std::chrono::seconds(75)});
  PutFive(t);
  FakeReply behind = t.Watch(kMaps, "resourceVersion=1004");
  FakeReply level = t.Watch(kMaps, "resourceVersion=1006");
  t.clock.Advance(std::chrono::seconds(76));
  FakeReply late = t.Watch(kMaps, "resourceVersion=1004");
  EXPECT_THAT(Drain(late), ElementsAre("ERROR 410"));
  EXPECT_THAT(Drain(behind), ElementsAre("ERROR 410"));
  t.cluster.Compact();
  t.Do("POST", kMaps, MapJson("f", "{}"));
  EXPECT_THAT(Drain(level), ElementsAre("ADDED f@1007"));
}

TEST(FakeWatch, BookmarksComeEveryMinuteAndOnDemand) {
  TestCluster t;
  PutFive(t);
  FakeReply watch = t.Watch(kMaps, "resourceVersion=1006&allowWatchBookmarks=true");
  FakeReply without = t.Watch(kMaps, "resourceVersion=1006");
  EXPECT_THAT(Drain(watch), IsEmpty());
  t.clock.Advance(std::chrono::seconds(60));
  ASSERT_TRUE(t.cluster.Put("/api/v1/namespaces/x", "{}").ok());
  EXPECT_THAT(Drain(watch), ElementsAre("BOOKMARK @1007"));
  EXPECT_THAT(Drain(watch), IsEmpty());
  t.cluster.SendBookmarks();
  EXPECT_THAT(Drain(watch), ElementsAre("BOOKMARK @1007"));
  EXPECT_THAT(Drain(without), IsEmpty());
}

TEST(FakeWatch, EndsAtItsTimeoutAndWhenItIsClosedOrTooSlow) {
  TestCluster t({.max_backlog = 3});
  FakeReply timed = t.Watch(kMaps, "resourceVersion=1001&timeoutSeconds=5");
  EXPECT_FALSE(Ended(timed));
  t.clock.Advance(std::chrono::seconds(5));
  EXPECT_TRUE(Ended(timed));
  FakeReply slow = t.Watch(kMaps, "resourceVersion=1001");
  PutFive(t);
  EXPECT_TRUE(Ended(slow));
  FakeReply closed = t.Watch(kMaps, "resourceVersion=1006");
  EXPECT_EQ(t.cluster.watches(), 3u);
  t.cluster.CloseWatches();
  EXPECT_TRUE(Ended(closed));
  closed.stream.reset();
  EXPECT_EQ(t.cluster.watches(), 2u);
}

TEST(FakeWatch, WhatStopsToMatchALabelIsDeleted) {
  TestCluster t;
  FakeReply watch = t.Watch(kMaps, "resourceVersion=1001&labelSelector=app%3Dweb");
  const auto put = [&](const std::string& labels) {
    ASSERT_TRUE(
        t.cluster.Put(std::string(kMaps) + "/a", R"({"metadata":{"labels":)" + labels + "}}").ok());
  };
  put("{}");
  put(R"({"app":"web"})");
  put(R"({"app":"web","x":"1"})");
  put(R"({"app":"db"})");
  EXPECT_THAT(Drain(watch), ElementsAre("ADDED a@1003", "MODIFIED a@1004", "DELETED a@1005"));
}

TEST(FakeCluster, ARestoreGivesVersionsOutASecondTime) {
  TestCluster t;
  PutFive(t);
  const std::string uid =
      std::string(t.Tree("GET", std::string(kMaps) + "/a").Find("metadata")->StringOf("uid"));
  t.Do("DELETE", std::string(kMaps) + "/a");
  FakeReply watch = t.Watch(kMaps, "resourceVersion=1007");
  ASSERT_TRUE(t.cluster.Restore(1003).ok());
  EXPECT_TRUE(Ended(watch));
  EXPECT_THAT(t.cluster.Names(kMaps), ElementsAre("default/a", "default/b"));
  EXPECT_EQ(t.Tree("GET", std::string(kMaps) + "/a").Find("metadata")->StringOf("uid"), uid);
  // The client asks for a version that is still to come: it waits, and misses what comes before.
  FakeReply future = t.Watch(kMaps, "resourceVersion=1007&allowWatchBookmarks=true");
  t.Do("POST", kMaps, MapJson("new", "{}"));
  t.cluster.SendBookmarks();
  EXPECT_EQ(t.cluster.resource_version(), 1004u);
  EXPECT_THAT(Drain(future), IsEmpty());
  EXPECT_FALSE(t.cluster.Restore(3).ok());
}

TEST(FakeCluster, OnlyTokensOnTheListAreLetIn) {
  TestCluster t;
  t.cluster.AcceptTokens({"new"});
  EXPECT_EQ(t.cluster.Call(Get(kMaps), {.token = "old"}).status, 401);
  EXPECT_EQ(t.cluster.Call(Get(kMaps), {.token = "new"}).status, 200);
}

TEST(FakeCluster, IsTheSameEveryTime) {
  std::string first;
  for (int run = 0; run < 2; ++run) {
    TestCluster t({.seed = 7});
    SampleObjects objects({.pods = 30, .targets = 2, .namespaces = 3}, t.cluster);
    ASSERT_TRUE(objects.Fill().ok());
    ASSERT_TRUE(objects.PutPod(4, 1).ok());
    const std::string all = t.Do("GET", "/api/v1/pods").body + t.Do("GET", kTargets).body;
    if (run == 0) first = all;
    EXPECT_EQ(first, all);
    EXPECT_NE(TestCluster({.seed = 8}).Do("GET", "/api/v1/namespaces").body,
              t.Do("GET", "/api/v1/namespaces").body);
  }
}

TEST(FakeCluster, ATemplatesPodIsAFullPodAndKeepsItsUid) {
  TestCluster t;
  SampleObjects objects({.pods = 1}, t.cluster);
  ASSERT_TRUE(objects.Fill().ok());
  const Json pod = t.Tree("GET", objects.PodPath(0));
  EXPECT_GT(pod.Text().size(), 4'500u);
  EXPECT_EQ(pod.StringOf("kind"), "Pod");
  ASSERT_TRUE(objects.PutPod(0, 1).ok());
  const Json later = t.Tree("GET", objects.PodPath(0));
  EXPECT_EQ(later.Find("metadata")->StringOf("uid"), pod.Find("metadata")->StringOf("uid"));
  EXPECT_NE(Version(later), Version(pod));
  ASSERT_TRUE(t.cluster.Remove(objects.PodPath(0)).ok());
  ASSERT_TRUE(objects.PutPod(0, 1).ok());
  EXPECT_NE(t.Tree("GET", objects.PodPath(0)).Find("metadata")->StringOf("uid"),
            pod.Find("metadata")->StringOf("uid"));
}

}  // namespace
}  // namespace telltale
