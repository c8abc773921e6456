// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/last_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

PodInfo Pod() {
  PodInfo pod;
  pod.name = "web-1";
  pod.ns = "shop";
  pod.node = "n1";
  pod.ip = "10.0.0.7";
  pod.labels = {{"app", "shop"}, {"version", "3"}};
  pod.ports = ParsePodPorts("main/http/8080,main/admin/9000,other//0,broken,x/y/z,a/b/99999999");
  return pod;
}

LastSamplePage Page(const std::string& port) {
  LastSamplePage page;
  page.port = port;
  page.labels = {{"job", "shop/web"}};
  return page;
}

LastSampleOptions Options(std::vector<LastSamplePage> pages, const PodInfo& pod = Pod()) {
  SidecarConfig config;
  config.last_sample.urls = {"http://prometheus/api/v1/write"};
  config.last_sample.pages = std::move(pages);
  return LastSampleOptionsOf(config, pod, 9847);
}

TEST(LastPages, HaveTheLabelsOfTheTargetsOfServiceDiscovery) {
  auto page = Page("http");
  page.from_pod = {{"absent", "gone"}, {"version", "release"}};
  const auto options = Options({page});
  ASSERT_EQ(options.pages.size(), 1u);
  EXPECT_EQ(options.pages[0].url, "http://10.0.0.7:8080/metrics");
  EXPECT_THAT(
      options.pages[0].labels,
      ElementsAre(Pair("app", "shop"), Pair("container", "main"), Pair("instance", "10.0.0.7:8080"),
                  Pair("job", "shop/web"), Pair("namespace", "shop"), Pair("node", "n1"),
                  Pair("pod", "web-1"), Pair("release", "3")));
  EXPECT_THAT(options.own,
              ElementsAre(Pair("app", "shop"), Pair("container", "telltale-sidecar"),
                          Pair("instance", "10.0.0.7:9847"), Pair("job", "telltale-sidecar"),
                          Pair("namespace", "shop"), Pair("node", "n1"), Pair("pod", "web-1")));
}

TEST(LastPages, APortIsFoundAsTheOperatorFindsIt) {
  auto in_other = Page("8080");
  in_other.container = "other";
  const auto options = Options({Page("9000"), Page("7000"), in_other, Page("nosuch")});
  ASSERT_EQ(options.pages.size(), 3u);
  EXPECT_EQ(options.pages[0].url, "http://10.0.0.7:9000/metrics");
  EXPECT_EQ(options.pages[1].url, "http://10.0.0.7:7000/metrics");  // not declared
  EXPECT_EQ(*FindLabel(options.pages[1].labels, "container"), "main");
  EXPECT_EQ(*FindLabel(options.pages[2].labels, "container"), "other");
}

TEST(LastPages, ASecondPageOfAnAddressHasAnInstanceOfItsOwn) {
  auto second = Page("http");
  second.path = "/probe";
  second.params = {{"target", "a b"}};
  second.https = true;
  PodInfo pod = Pod();
  pod.ip = "fd00::7";
  const auto options = Options({Page("http"), second}, pod);
  ASSERT_EQ(options.pages.size(), 2u);
  EXPECT_EQ(options.pages[1].url, "https://[fd00::7]:8080/probe?target=a%20b");
  EXPECT_TRUE(options.pages[1].insecure_skip_verify);
  EXPECT_EQ(*FindLabel(options.pages[0].labels, "instance"), "[fd00::7]:8080");
  EXPECT_EQ(*FindLabel(options.pages[1].labels, "instance"), "[fd00::7]:8080/probe?target=a b");
}

TEST(LastPages, OutsideAPodThereAreOnlyTheLabelsOfTheConfiguration) {
  SidecarConfig config;
  EXPECT_FALSE(LastSampleOptionsOf(config, {}, 9847) != LastSampleOptions{});
  config.last_sample.urls = {"http://prometheus/api/v1/write"};
  config.last_sample.labels = {{"job", "vm"}};
  LastSamplePage page;
  page.url = "http://127.0.0.1:1/metrics";
  page.labels = {{"job", "web"}};
  config.last_sample.pages = {page, Page("http")};
  const auto options = LastSampleOptionsOf(config, {}, 9847);
  ASSERT_EQ(options.pages.size(), 1u);
  EXPECT_EQ(options.pages[0].url, page.url);
  EXPECT_THAT(options.pages[0].labels, ElementsAre(Pair("job", "web")));
  EXPECT_THAT(options.own, ElementsAre(Pair("job", "vm")));
}

}  // namespace
}  // namespace telltale
