// SPDX-License-Identifier: Apache-2.0
#include "operator/store/pod_record.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

#include "tests/fakes/whole_plan.h"

namespace telltale {
namespace {

Pod FullPod() {
  Pod pod;
  pod.meta.ns = "shop";
  pod.meta.name = "shop-1";
  pod.meta.uid = "u-1";
  pod.meta.labels = {{"app", "shop"}, {"empty", ""}};
  pod.meta.annotations = {{"telltale.dev/inject", "false"}};
  pod.meta.owner_kind = "ReplicaSet";
  pod.meta.owner_name = "shop-5d8f7";
  pod.trouble = "main ImagePullBackOff";
  pod.sidecar_mounts = "/var/log/a\n/var/log/b";
  pod.node = "node-a";
  pod.phase = "Running";
  pod.ip = "10.0.0.1";
  pod.containers = {{"main", false, false, {{"http", 8080}, {"", 9090}}},
                    {"telltale-sidecar", true, true, {}}};
  return pod;
}

TEST(PodRecord, GivesThePodBack) {
  Interner interner;
  const Pod pod = FullPod();
  const PodRef record = PodRecord::Make(pod, interner);
  EXPECT_TRUE(record->Same(record->Expand()));
  EXPECT_TRUE(record->Same(pod));
  EXPECT_TRUE(record->Running());
  EXPECT_TRUE(record->HasSidecar());
  EXPECT_EQ(record->Expand().meta.labels, pod.meta.labels);
  EXPECT_EQ(record->Expand().containers[0].ports[1].number, 9090);
  EXPECT_EQ(record->Expand().meta.owner_kind, "ReplicaSet");
  EXPECT_EQ(record->Expand().meta.owner_name, "shop-5d8f7");
  EXPECT_EQ(record->View().trouble, "main ImagePullBackOff");
  EXPECT_EQ(record->View().sidecar_mounts, "/var/log/a\n/var/log/b");
}

TEST(PodRecord, DiffersInEverythingThatAnOutputNeeds) {
  Interner interner;
  const PodRef record = PodRecord::Make(FullPod(), interner);
  const std::vector<std::function<void(Pod&)>> edits = {
      [](Pod& p) { p.meta.uid = "u-2"; },
      [](Pod& p) { p.meta.ns = "cart"; },
      [](Pod& p) { p.meta.name = "shop-2"; },
      [](Pod& p) { p.meta.deleting = true; },
      [](Pod& p) { p.meta.labels[1].second = "x"; },
      [](Pod& p) { p.meta.labels.pop_back(); },
      [](Pod& p) { p.meta.annotations.clear(); },
      [](Pod& p) { p.meta.owner_kind = "Job"; },
      [](Pod& p) { p.meta.owner_name = "other"; },
      [](Pod& p) { p.node = "node-b"; },
      [](Pod& p) { p.phase = "Pending"; },
      [](Pod& p) { p.ip = "10.0.0.2"; },
      [](Pod& p) { p.host_network = true; },
      [](Pod& p) { p.windows = true; },
      [](Pod& p) { p.containers[0].name = "other"; },
      [](Pod& p) { p.containers[0].ports[0].number = 1; },
      [](Pod& p) { p.containers[0].ports[1].name = "x"; },
      [](Pod& p) { p.containers[1].native_sidecar = false; },
      [](Pod& p) { p.containers.pop_back(); },
      [](Pod& p) { p.started = 2; },
      [](Pod& p) { p.trouble = "main CrashLoopBackOff"; },
      [](Pod& p) { p.sidecar_mounts = "/var/log/app\n/etc/telltale/config"; },
  };
  for (std::size_t i = 0; i < edits.size(); ++i) {
    Pod edited = FullPod();
    edits[i](edited);
    EXPECT_FALSE(record->Same(edited)) << i;
    EXPECT_TRUE(PodRecord::Make(edited, interner)->Same(edited)) << i;
  }
  Pod newer = FullPod();
  newer.meta.resource_version = "2";
  EXPECT_TRUE(record->Same(newer));
}

TEST(PodRecord, ShowsWhatItGivesBack) {
  Interner interner;
  const auto check = [&](const Pod& pod) {
    const PodRef record = PodRecord::Make(pod, interner);
    const PodView view = record->View(), want = ViewOf(pod);
    EXPECT_EQ(view.Key(), want.Key());
    EXPECT_EQ(view.uid, want.uid);
    EXPECT_EQ(view.phase, want.phase);
    EXPECT_EQ(view.ip, want.ip);
    EXPECT_EQ(view.Running(), pod.Running());
    EXPECT_EQ(view.deleting, want.deleting);
    EXPECT_EQ(view.host_network, want.host_network);
    EXPECT_EQ(view.windows, want.windows);
    EXPECT_EQ(view.has_sidecar, want.has_sidecar);
    EXPECT_EQ(view.opted_out, want.opted_out);
    EXPECT_EQ(view.static_pod, want.static_pod);
    EXPECT_EQ(view.containers->size(), pod.containers.size());
    return view;
  };
  EXPECT_TRUE(check(FullPod()).opted_out);
  EXPECT_FALSE(check(Pod{}).has_sidecar);
  Pod other = FullPod();
  other.meta.deleting = other.host_network = other.windows = true;
  other.phase = "Pending";
  // A key that another one begins with, and a value that is not the one asked for.
  other.meta.annotations = {{"kubernetes.io/config.mirror", "h"},
                            {"telltale.dev/inject", "true"},
                            {"telltale.dev/inject-other", "false"}};
  EXPECT_FALSE(check(other).opted_out);
  other.meta.annotations = {{"telltale.dev/inject-other", "false"}};
  EXPECT_FALSE(check(other).static_pod);
}

TEST(PodRecord, PodsOfOneTemplateShareWhatIsTheirs) {
  Interner interner;
  Pod pod = FullPod();
  std::vector<PodRef> records;
  for (int i = 0; i < 100; ++i) {
    pod.meta.name = "shop-" + std::to_string(i);
    records.push_back(PodRecord::Make(pod, interner));
  }
  EXPECT_EQ(interner.sets(), 2u);
  EXPECT_EQ(interner.shapes(), 1u);
  EXPECT_EQ(records[0]->labels(), records[99]->labels());
  EXPECT_LE(sizeof(PodRecord), 64u);
}

TEST(PodTable, HoldsWhatASetHoldsUnderAnyInsertsAndErasures) {
  Interner interner;
  PodTable table;
  std::set<std::string> names;
  std::mt19937 random(7);
  Pod pod = FullPod();
  for (int i = 0; i < 20'000; ++i) {
    pod.meta.name = std::to_string(random() % 500);
    const PodRecord* found = table.FindPod("shop", pod.meta.name);
    ASSERT_EQ(found != nullptr, names.contains(pod.meta.name));
    if (found) {
      table.Erase(found);
      names.erase(pod.meta.name);
    } else {
      table.Insert(PodRecord::Make(pod, interner));
      names.insert(pod.meta.name);
    }
    ASSERT_EQ(table.size(), names.size());
  }
}

}  // namespace
}  // namespace telltale
