// SPDX-License-Identifier: Apache-2.0
#include "operator/reconcile/publish/publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <semaphore>
#include <thread>

#include "operator/model/metric_filter.h"
#include "tests/fakes/cluster_events.h"
#include "tests/fakes/fake_clock.h"
#include "tests/golden.h"

namespace telltale {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr auto* kShop =
    R"({"selector":{"matchLabels":{"app":"shop"}},"metrics":{"endpoints":[{"port":"http"}]}})";

class PublisherTest : public ::testing::Test {
 protected:
  void Sync() {
    for (auto* sink : {&pods(), &targets(), &namespaces()}) SendEmpty(*sink);
  }
  ReflectorSink& pods() { return index_.pod_sink(); }
  ReflectorSink& targets() { return index_.target_sink(); }
  ReflectorSink& namespaces() { return index_.namespace_sink(); }
  std::string Text() { return document_.Get() ? document_.Get()->Text() : "nothing"; }

  FakeClock clock_;
  Registry registry_;
  ClusterIndex index_{{"infra"}, clock_};
  Published<Document> document_;
  std::vector<std::string> published_;
  std::function<void()> told_ = [] {};
  Publisher publisher_{index_,
                       [this] { return index_.synced(); },
                       document_,
                       [this](const std::vector<std::string>& keys) {
                         published_ = keys;
                         told_();
                       },
                       registry_,
                       clock_};
};

TEST_F(PublisherTest, PublishesNothingBeforeEveryKindIsSynced) {
  Send(targets(), TargetJson("shop", "shop", kShop));
  Send(pods(), PodJson({}));
  SendEmpty(namespaces());
  EXPECT_FALSE(publisher_.PublishOnce());
  EXPECT_EQ(document_.Get(), nullptr);
}

TEST_F(PublisherTest, AnEmptyClusterIsAnEmptyList) {
  Sync();
  EXPECT_TRUE(publisher_.PublishOnce());
  EXPECT_EQ(Text(), "[]");
  EXPECT_EQ(document_.Get()->size(), 2u);
  EXPECT_FALSE(publisher_.PublishOnce());
}

TEST_F(PublisherTest, APodComesAndGoesAndReadersKeepWhatTheyGot) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  Send(pods(), PodJson({}));
  publisher_.PublishOnce();
  const auto before = document_.Get();
  EXPECT_THAT(Text(), HasSubstr("10.0.0.1:8080"));
  EXPECT_THAT(published_, ElementsAre("shop/shop"));
  SendDeleted(pods(), PodJson({}));
  publisher_.PublishOnce();
  EXPECT_EQ(Text(), "[]");
  EXPECT_THAT(before->Text(), HasSubstr("10.0.0.1:8080"));
}

TEST_F(PublisherTest, EndpointsOfAScrapeClassAreInItsDocumentAlone) {
  const auto of = [this](const std::string& name) { return publisher_.OfClass(name)->Text(); };
  EXPECT_EQ(publisher_.OfClass("tls"), nullptr) << "nothing is published yet";
  Sync();
  Send(targets(), TargetJson("shop", "shop", R"({"selector":{"matchLabels":{"app":"shop"}},
    "metrics":{"job":"pay","endpoints":[{"port":"http"},
      {"port":9000,"scheme":"https","class":"tls"},{"port":9001,"class":"big","nativeHistograms":true}]}})"));
  Send(pods(), PodJson({}));
  publisher_.PublishOnce();
  EXPECT_THAT(Text(), AllOf(HasSubstr("10.0.0.1:8080"), Not(HasSubstr(":900"))));
  EXPECT_THAT(of("tls"), AllOf(HasSubstr("10.0.0.1:9000"), HasSubstr(R"("__scheme__":"https")"),
                               HasSubstr(R"("job":"pay")"), Not(HasSubstr("8080"))));
  EXPECT_THAT(of("big"), AllOf(HasSubstr("10.0.0.1:9001"), HasSubstr(R"("__scheme__":"http")"),
                               HasSubstr(R"("__scrape_native_histograms__":"true")")));
  EXPECT_EQ(of("other"), "[]");
  PodSpec second;
  second.name = "web-2";
  second.uid = "uid-2";
  second.ip = "10.0.0.2";
  Send(pods(), PodJson(second));
  publisher_.PublishOnce();
  EXPECT_THAT(of("tls"), AllOf(HasSubstr("10.0.0.1:9000"), HasSubstr("10.0.0.2:9000")));
  Send(targets(), TargetJson("shop", "shop", R"({"selector":{"matchLabels":{"app":"shop"}},
    "metrics":{"endpoints":[{"port":9000,"class":"big"}]}})"));
  publisher_.PublishOnce();
  EXPECT_EQ(Text(), "[]");
  EXPECT_EQ(of("tls"), "[]");
  EXPECT_THAT(of("big"), AllOf(HasSubstr("10.0.0.1:9000"), HasSubstr("10.0.0.2:9000")));
  SendDeleted(targets(), TargetJson("shop", "shop", kShop));
  publisher_.PublishOnce();
  EXPECT_EQ(of("big"), "[]");
}

TEST_F(PublisherTest, EndpointsWithEqualFiltersShareADocumentOfTheirClass) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", R"({"selector":{"matchLabels":{"app":"shop"}},
    "metrics":{"endpoints":[{"port":"http"},{"port":9000,"metrics":{"drop":["a"]}},
      {"port":9001,"class":"tls","metrics":{"drop":["a"]}}]}})"));
  Send(targets(), TargetJson("shop", "too", R"({"selector":{"matchLabels":{"app":"shop"}},
    "metrics":{"endpoints":[{"port":9002,"metrics":{"drop":["a"]}},
      {"port":9003,"metrics":{"keep":["a"]}}]}})"));
  Send(pods(), PodJson({}));
  publisher_.PublishOnce();
  const std::string drop = FilterName({{}, {"a"}, {}}), keep = FilterName({{"a"}, {}, {}});
  const auto of = [this](const std::string& name) { return publisher_.OfClass(name)->Text(); };
  EXPECT_THAT(Text(), AllOf(HasSubstr("10.0.0.1:8080"), Not(HasSubstr(":900"))));
  EXPECT_THAT(of("/" + drop), AllOf(HasSubstr(":9000"), HasSubstr(":9002"), Not(HasSubstr(":9001")),
                                    Not(HasSubstr(":9003")), Not(HasSubstr(":8080"))));
  EXPECT_THAT(of("tls/" + drop), AllOf(HasSubstr(":9001"), Not(HasSubstr(":9000"))));
  EXPECT_THAT(of("/" + keep), AllOf(HasSubstr(":9003"), Not(HasSubstr(":9002"))));
  EXPECT_EQ(of("tls"), "[]");
  Send(targets(), TargetJson("shop", "too", kShop));
  publisher_.PublishOnce();
  EXPECT_EQ(of("/" + keep), "[]");
  EXPECT_THAT(of("/" + drop), AllOf(HasSubstr(":9000"), Not(HasSubstr(":9002"))));
}

TEST_F(PublisherTest, AThousandResourcesOfTwentyClassesAreRenderedBeforeTheyAreAskedFor) {
  Sync();
  for (int i = 0; i < 1000; ++i) {
    Send(targets(),
         TargetJson("shop", "t" + std::to_string(i),
                    R"({"selector":{"matchLabels":{"app":"shop"}},"metrics":{"endpoints":[)"
                    R"({"port":)" +
                        std::to_string(9000 + i) + R"(,"class":"c)" + std::to_string(i % 20) +
                        R"("}]}})"));
  }
  for (const std::string name : {"a", "b"}) {
    PodSpec pod;
    pod.name = name;
    Send(pods(), PodJson(pod));
  }
  publisher_.PublishOnce();
  EXPECT_EQ(Text(), "[]");
  for (int i = 0; i < 20; ++i) {
    const std::string name = "c" + std::to_string(i);
    const auto document = publisher_.OfClass(name);
    EXPECT_EQ(document->targets(), 100u) << "50 resources, 2 pods";
    EXPECT_EQ(document, publisher_.OfClass(name)) << "the same bytes for whoever asks";
  }
  const auto before = publisher_.OfClass("c7");
  Send(targets(), TargetJson("shop", "t7", kShop));
  publisher_.PublishOnce();
  EXPECT_EQ(publisher_.OfClass("c7")->targets(), 98u);
  EXPECT_EQ(before->targets(), 100u);
}

TEST_F(PublisherTest, ATargetHasTheLabelsOfItsWorkloadAndOfTheCluster) {
  Registry registry;
  Publisher named(
      index_, [this] { return index_.synced(); }, document_, nullptr, registry, clock_, "east");
  Sync();
  const auto ask = [&](const std::string& name, const std::string& labels) {
    Send(targets(), TargetJson("shop", name,
                               R"({"selector":{"matchLabels":{"app":")" + name +
                                   R"("}},"metrics":{"endpoints":[{"port":"http"}],"labels":{)" +
                                   labels + "}}}"));
  };
  ask("shop", R"("metadata":["workload","workloadKind"])");
  ask("cart", R"("metadata":["workloadKind"],"static":{"workload":"mine"})");
  const auto run = [&](const std::string& app, const std::string& name, const std::string& owner) {
    PodSpec pod;
    pod.name = name;
    pod.labels = {{"app", app}, {"pod-template-hash", "5d8f7"}};
    std::string json = PodJson(pod);
    json.insert(json.find(R"("labels")"),
                R"("ownerReferences":[{"controller":true,)" + owner + "}],");
    Send(pods(), json);
  };
  run("shop", "shop-5d8f7-a", R"("kind":"ReplicaSet","name":"shop-5d8f7")");
  run("shop", "shop-6-b", R"("kind":"ReplicaSet","name":"shop-6")");
  run("cart", "cart-0", R"("kind":"StatefulSet","name":"cart")");
  named.PublishOnce();
  const auto has = [&](const std::string& pod, const std::string& end) {
    const std::string cluster = R"("cluster":"east","container":"main")";
    EXPECT_THAT(Text(), HasSubstr(cluster));
    EXPECT_THAT(Text(), HasSubstr("\"pod\":\"" + pod + "\"" + end + "}}"));
  };
  has("shop-5d8f7-a", R"(,"workload":"shop","workload_type":"deployment")");
  has("shop-6-b", R"(,"workload":"shop-6","workload_type":"replicaset")");
  has("cart-0", R"(,"workload":"mine","workload_type":"statefulset")");
}

TEST_F(PublisherTest, APodThatDiffersInNothingOfInterestIsNoChange) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  Send(pods(), PodJson({}));
  publisher_.PublishOnce();
  PodSpec again;
  again.resource_version = "2";
  EXPECT_EQ(Send(pods(), PodJson(again)), "2");
  EXPECT_FALSE(publisher_.PublishOnce());
}

TEST_F(PublisherTest, WhatMattersToStatusOnlyIsToldWithoutANewDocument) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  Send(pods(), PodJson({}));
  publisher_.PublishOnce();
  const auto before = document_.Get();
  PodSpec leaving;
  leaving.deleting = true;
  Send(pods(), PodJson(leaving));
  published_.clear();
  EXPECT_TRUE(publisher_.PublishOnce());
  EXPECT_THAT(published_, ElementsAre("shop/shop"));
  EXPECT_EQ(document_.Get(), before);
}

TEST_F(PublisherTest, ASecondUidUnderTheSameNameIsAnotherPod) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  PodSpec pod;
  pod.uid = "first";
  Send(pods(), PodJson(pod));
  publisher_.PublishOnce();
  pod.uid = "second";
  Send(pods(), PodJson(pod));
  publisher_.PublishOnce();
  EXPECT_THAT(Text(), HasSubstr("second"));
  EXPECT_THAT(Text(), Not(HasSubstr("first")));
}

TEST_F(PublisherTest, PagesWithoutAChangeAreSharedByTheNextDocument) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  Send(targets(), TargetJson("cart", "cart", kShop));
  Send(pods(), PodJson({}));
  PodSpec other;
  other.ns = "cart";
  Send(pods(), PodJson(other));
  publisher_.PublishOnce();
  const auto before = document_.Get();
  other.ip = "10.9.9.9";
  Send(pods(), PodJson(other));
  publisher_.PublishOnce();
  const auto after = document_.Get();
  ASSERT_EQ(after->pages().size(), 2u);
  EXPECT_NE(after->pages()[0], before->pages()[0]);
  EXPECT_EQ(after->pages()[1], before->pages()[1]);
}

TEST_F(PublisherTest, InALargeTargetOnlyThePageOfThePodIsMadeAnew) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  PodSpec pod;
  for (int i = 0; i < 2'000; ++i) {
    pod.name = "p" + std::to_string(1'000 + i);
    Send(pods(), PodJson(pod));
  }
  publisher_.PublishOnce();
  const auto before = document_.Get();
  ASSERT_GT(before->pages().size(), 4u);
  pod.ip = "10.9.9.9";
  Send(pods(), PodJson(pod));
  publisher_.PublishOnce();
  const auto after = document_.Get();
  EXPECT_EQ(after->targets(), 2'000u);
  for (std::size_t i = 0; i + 1 < before->pages().size(); ++i) {
    EXPECT_EQ(after->pages()[i], before->pages()[i]);
  }
  // And when nearly all of it is gone, few pages are left.
  for (int i = 0; i < 1'990; ++i) {
    pod.name = "p" + std::to_string(1'000 + i);
    SendDeleted(pods(), PodJson(pod));
  }
  publisher_.PublishOnce();
  EXPECT_EQ(document_.Get()->targets(), 10u);
  EXPECT_LE(document_.Get()->pages().size(), 8u);
}

TEST_F(PublisherTest, ATargetsStatusAloneChangesNothingThatIsPublished) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  publisher_.PublishOnce();
  std::string with_status = TargetJson("shop", "shop", kShop);
  with_status.insert(with_status.size() - 1, R"(,"status":{"problemsCount":3})");
  Send(targets(), with_status);
  EXPECT_FALSE(publisher_.PublishOnce());
  EXPECT_THAT(index_.Target("shop/shop")->status_json, HasSubstr("problemsCount"));
}

TEST_F(PublisherTest, ADeletedTargetIsToldOnce) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  Send(pods(), PodJson({}));
  publisher_.PublishOnce();
  SendDeleted(targets(), TargetJson("shop", "shop", kShop));
  EXPECT_TRUE(publisher_.PublishOnce());
  EXPECT_THAT(published_, ElementsAre("shop/shop"));
  EXPECT_EQ(Text(), "[]");
  EXPECT_FALSE(publisher_.PublishOnce());
}

TEST_F(PublisherTest, TheLagIsThatOfTheOldestChange) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  publisher_.PublishOnce();
  Send(pods(), PodJson({}));
  clock_.Advance(std::chrono::milliseconds(700));
  Send(pods(), PodJson({"shop", "shop-2"}));
  clock_.Advance(std::chrono::milliseconds(100));
  publisher_.PublishOnce();
  std::string page;
  registry_.Render(page);
  EXPECT_THAT(page, HasSubstr("telltale_publish_lag_seconds_sum 0.8\n"));
  EXPECT_THAT(page, HasSubstr("telltale_publications_total 2\n"));
  EXPECT_THAT(page, HasSubstr("telltale_discovery_targets 2\n"));
  EXPECT_THAT(page, HasSubstr("telltale_index_size{kind=\"pods\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("telltale_index_size{kind=\"matches\"} 2\n"));
}

TEST_F(PublisherTest, ABurstOfChangesEndsInTheWholeDocument) {
  Sync();
  Send(targets(), TargetJson("shop", "shop", kShop));
  index_.OnChange([this] { publisher_.Changed(); });
  std::promise<void> all;
  bool told = false;
  told_ = [&] {
    if (document_.Get()->targets() == 500 && !std::exchange(told, true)) all.set_value();
  };
  std::thread thread([this] { publisher_.Run(); });
  for (int i = 0; i < 500; ++i) {
    PodSpec pod;
    pod.name = "p" + std::to_string(i);
    Send(pods(), PodJson(pod));
  }
  all.get_future().wait();
  publisher_.Stop();
  thread.join();
  EXPECT_EQ(document_.Get()->targets(), 500u);
}

TEST_F(PublisherTest, ChangesThatFollowEachOtherArePublishedAtADistance) {
  Sync();
  index_.OnChange([this] { publisher_.Changed(); });
  std::counting_semaphore<> published(0);
  told_ = [&] { published.release(); };
  std::thread thread([this] { publisher_.Run(); });
  published.acquire();
  const auto began = std::chrono::steady_clock::now();
  Send(targets(), TargetJson("shop", "shop", kShop));
  published.acquire();
  Send(pods(), PodJson({}));
  published.acquire();
  // We are told of a publication a moment after its pause began.
  EXPECT_GE((std::chrono::steady_clock::now() - began) * 10 / 9, 2 * Publisher::PauseAfter({}));
  publisher_.Stop();
  thread.join();
}

TEST_F(PublisherTest, WaitsLongerTheLongerItTakesButNeverASecond) {
  using std::chrono::milliseconds;
  EXPECT_EQ(Publisher::PauseAfter(milliseconds(0)), milliseconds(150));
  EXPECT_EQ(Publisher::PauseAfter(milliseconds(30)), milliseconds(300));
  EXPECT_EQ(Publisher::PauseAfter(std::chrono::seconds(10)), milliseconds(900));
}

TEST_F(PublisherTest, PublishesOnceEverythingIsSyncedThoughNobodySaysSo) {
  std::promise<void> done;
  bool told = false;
  told_ = [&] {
    if (!std::exchange(told, true)) done.set_value();
  };
  std::thread thread([this] { publisher_.Run(); });
  Sync();
  done.get_future().wait();
  publisher_.Stop();
  thread.join();
  EXPECT_EQ(Text(), "[]");
}

// Golden files are for people: without the blanks they are what is served.
std::string Compact(const std::string& json) {
  std::string compact;
  bool quoted = false;
  for (const char c : json) {
    if (c == '"') quoted = !quoted;
    if (quoted || (c != ' ' && c != '\n')) compact += c;
  }
  return compact;
}

TEST_F(PublisherTest, TheGoldenWorldGivesTheGoldenDocument) {
  JsonParser parser;
  const Status read = parser.Parse(ReadGolden("sd/mixed.world.json"), [&](JsonValue root) {
    return root.ForEachField([&](std::string_view kind, JsonValue objects) -> Status {
      if (kind != "targets" && kind != "pods" && kind != "namespaces") return {};
      ReflectorSink& sink = kind == "pods" ? pods() : kind == "targets" ? targets() : namespaces();
      sink.ReplaceBegin();
      const Status status = objects.ForEachElement([&](JsonValue object) -> Status {
        std::string version;
        (void)sink.Changed(object, version);
        return {};
      });
      sink.ReplaceEnd();
      return status;
    });
  });
  ASSERT_TRUE(read.ok());
  if (!index_.synced()) SendEmpty(namespaces());
  publisher_.PublishOnce();
  EXPECT_EQ(Text(), Compact(ReadGolden("sd/mixed.json")));
}

TEST_F(PublisherTest, StopEndsARunThatHasNothingToDo) {
  std::thread thread([this] { publisher_.Run(); });
  publisher_.Stop();
  thread.join();
  EXPECT_EQ(document_.Get(), nullptr);
}

}  // namespace
}  // namespace telltale
