// SPDX-License-Identifier: Apache-2.0
//
// Writers, the publisher and readers at once: for the thread sanitizer, and nothing that a reader
// sees is ever half made.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "operator/reconcile/publish/publisher.h"
#include "tests/fakes/cluster_events.h"

namespace telltale {
namespace {

constexpr auto* kAll = R"({"selector":{"matchAll":true},"namespaceSelector":{"any":true},
    "sidecar":{},"metrics":{"endpoints":[{"port":"http"}]}})";

TEST(PublisherThreads, ReadersSeeWholeDocumentsAndMatchesWhileWritersWrite) {
  Registry registry;
  ClusterIndex index({"infra"});
  Published<Document> document;
  Publisher publisher(index, [&] { return index.synced(); }, document, {}, registry);
  index.OnChange([&] { publisher.Changed(); });
  for (auto* sink : {&index.pod_sink(), &index.target_sink(), &index.namespace_sink()}) {
    SendEmpty(*sink);
  }
  std::atomic<bool> done{false};
  std::thread publishing([&] { publisher.Run(); });
  std::thread pods([&] {
    for (int i = 0; i < 6'000; ++i) {
      PodSpec pod;
      pod.ns = i % 3 == 0 ? "a" : "b";
      pod.name = "p" + std::to_string(i % 97);
      pod.ip = "10.0.0." + std::to_string(i % 250);
      pod.labels = {{"app", std::to_string(i % 7)}, {"n", std::to_string(i % 1'013)}};
      pod.sidecar = i % 2 == 0;
      if (i % 5 == 0) {
        SendDeleted(index.pod_sink(), PodJson(pod));
      } else {
        Send(index.pod_sink(), PodJson(pod));
      }
      if (i % 500 == 0) {
        index.pod_sink().ReplaceBegin();
        Send(index.pod_sink(), PodJson(pod));
        index.pod_sink().ReplaceEnd();
      }
    }
  });
  std::thread targets([&] {
    for (int i = 0; i < 300; ++i) {
      Send(index.target_sink(), TargetJson("infra", "t" + std::to_string(i % 3), kAll));
      SendDeleted(index.target_sink(),
                  TargetJson("infra", "t" + std::to_string((i + 1) % 3), kAll));
      Send(index.namespace_sink(), NamespaceJson("a", {{"n", std::to_string(i)}}));
    }
  });
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!done) {
        if (const auto got = document.Get()) {
          const std::string text = got->Text();
          EXPECT_EQ(text.size(), got->size());
          EXPECT_TRUE(text.starts_with('[') && text.ends_with(']'));
        }
        if (const auto matched = index.Matched("infra/t1")) {
          for (const auto& pod : matched->pods) EXPECT_FALSE(pod.name.empty());
        }
        index.Selecting("a", {{"app", "1"}});
        index.Snapshot();
        index.sizes();
      }
    });
  }
  pods.join();
  targets.join();
  done = true;
  for (auto& reader : readers) reader.join();
  publisher.Stop();
  publishing.join();
  publisher.PublishOnce();
  std::size_t pods_of_targets = 0;
  for (const auto* key : {"infra/t0", "infra/t1", "infra/t2"}) {
    if (const auto matched = index.Matched(key)) pods_of_targets += matched->pods.size();
  }
  EXPECT_EQ(pods_of_targets, index.sizes().matches);
  EXPECT_GT(pods_of_targets, 0u);
}

}  // namespace
}  // namespace telltale
