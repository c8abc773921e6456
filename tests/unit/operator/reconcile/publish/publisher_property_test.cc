// SPDX-License-Identifier: Apache-2.0
//
// Random lives of clusters: after every few events the published document, the matches and the
// webhook's answers equal what the plain way makes of the same objects.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "operator/reconcile/publish/publisher.h"
#include "tests/fakes/cluster_events.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/whole_plan.h"

namespace telltale {
namespace {

const std::vector<std::string> kNamespaces = {"a", "b", "infra"};

class RandomCluster {
 public:
  explicit RandomCluster(std::uint32_t seed) : random_(seed) {
    for (auto* sink : {&index_.pod_sink(), &index_.target_sink(), &index_.namespace_sink()}) {
      SendEmpty(*sink);
    }
  }

  void Step() {
    const std::uint32_t dice = Random(100);
    if (dice < 60) {
      ChangePod(index_.pod_sink(), pods_);
    } else if (dice < 75) {
      ChangeTarget(index_.target_sink(), targets_);
    } else if (dice < 83) {
      ChangeNamespace();
    } else if (dice < 88) {
      ReplacePods();
    } else if (dice < 91) {
      ReplaceTargets();
    } else {
      Check();
    }
  }

  void Check() {
    publisher_.PublishOnce();
    const World world = MakeWorld();
    std::vector<std::shared_ptr<const Pod>> pods;
    for (const auto& [key, json] : pods_) pods.push_back(Decode<Pod>(json, DecodePod));
    ASSERT_EQ(document_.Get()->Text(), WholeDocument(world, pods));
    ASSERT_EQ(document_.Get()->size(), document_.Get()->Text().size());
    std::size_t matches = 0;
    for (const auto& expected : MatchAll(world, pods)) {
      const auto matched = index_.Matched(expected.target->meta.Key());
      ASSERT_TRUE(matched.has_value());
      ASSERT_EQ(Uids(matched->pods), Uids(ViewsOf(expected.pods)));
      matches += expected.pods.size();
    }
    ASSERT_EQ(index_.sizes().matches, matches);
    ASSERT_EQ(index_.sizes().pods, pods_.size());
    CheckSelecting(world);
  }

 private:
  using Objects = std::map<std::string, std::string>;

  std::uint32_t Random(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
  }
  bool Chance(std::uint32_t percent) { return Random(100) < percent; }
  const std::string& AnyNamespace() { return kNamespaces[Random(3)]; }

  Labels RandomLabels() {
    Labels labels;
    for (const auto* key : {"app", "env", "tier"}) {
      if (Chance(60)) SetLabel(labels, key, std::string(1, static_cast<char>('x' + Random(3))));
    }
    return labels;
  }

  PodSpec RandomPod() {
    PodSpec pod;
    pod.ns = AnyNamespace();
    pod.name = "p" + std::to_string(Random(12));
    pod.uid = pod.ns + pod.name + (Chance(10) ? "-again" : "");
    pod.labels = RandomLabels();
    pod.host_network = Chance(25);
    pod.sidecar = Chance(50);
    pod.deleting = Chance(10);
    pod.node = "node-" + std::to_string(Random(3));
    pod.ip = pod.host_network ? "192.168.0." + std::to_string(Random(2))
                              : "10.0.0." + std::to_string(Random(200));
    if (Chance(10)) pod.ip.clear();
    const std::vector<std::string> phases = {"Running", "Running", "Running", "Pending", "Failed"};
    pod.phase = phases[Random(5)];
    pod.port = Chance(80) ? 8080 : 9090;
    return pod;
  }

  static std::string KeyOf(const PodSpec& pod) { return pod.ns + "/" + pod.name; }

  void ChangePod(ReflectorSink& sink, Objects& objects) {
    const PodSpec pod = RandomPod();
    const std::string json = PodJson(pod);
    if (Chance(25)) {
      SendDeleted(sink, json);
      objects.erase(KeyOf(pod));
      return;
    }
    Send(sink, json);
    objects[KeyOf(pod)] = json;
  }

  std::string RandomSelector() {
    if (Chance(10)) return "{}";
    if (Chance(10)) return R"({"matchAll":true})";
    std::string json = R"({"matchLabels":{)";
    if (Chance(60)) json += R"("app":")" + std::string(1, static_cast<char>('x' + Random(3))) + '"';
    json += R"(},"matchExpressions":[)";
    static const std::vector<std::string> kOperators = {
        R"({"key":"env","operator":"In","values":["x","y"]})",
        R"({"key":"env","operator":"NotIn","values":["x"]})",
        R"({"key":"tier","operator":"Exists"})",
        R"({"key":"tier","operator":"DoesNotExist"})",
    };
    if (Chance(50)) json += kOperators[Random(4)];
    return json + "]}";
  }

  std::string RandomTarget(const std::string& ns, const std::string& name) {
    std::string spec = R"({"selector":)" + RandomSelector();
    static const std::vector<std::string> kScopes = {
        "", "", R"(,"namespaceSelector":{"any":true})",
        R"(,"namespaceSelector":{"names":["a","b"]})",
        R"(,"namespaceSelector":{"matchLabels":{"team":"x"}})"};
    spec += kScopes[Random(5)];
    if (Chance(10)) spec += R"(,"suspend":true)";
    if (Chance(50)) spec += Chance(80) ? R"(,"sidecar":{})" : R"(,"sidecar":{"mode":"Off"})";
    static const std::vector<std::string> kEndpoints = {
        R"({"port":"http"})", R"({"port":8080,"path":"/b"})",
        R"({"port":8080},{"port":"http"},{"port":8080,"params":{"x":"1"}})"};
    if (Chance(80)) spec += R"(,"metrics":{"endpoints":[)" + kEndpoints[Random(3)] + "]}";
    return TargetJson(ns, name, spec + "}", "t" + std::to_string(Random(3)));
  }

  void ChangeTarget(ReflectorSink& sink, Objects& objects) {
    const std::string ns = AnyNamespace(), name = "t" + std::to_string(Random(4));
    const std::string json = RandomTarget(ns, name);
    if (Chance(25)) {
      SendDeleted(sink, json);
      objects.erase(ns + "/" + name);
      return;
    }
    Send(sink, json);
    objects[ns + "/" + name] = json;
  }

  void ChangeNamespace() {
    const std::string& name = AnyNamespace();
    const std::string json =
        NamespaceJson(name, Chance(60) ? Labels{{"team", Chance(50) ? "x" : "y"}} : Labels{});
    if (Chance(25)) {
      SendDeleted(index_.namespace_sink(), json);
      namespaces_.erase(name);
      return;
    }
    Send(index_.namespace_sink(), json);
    namespaces_[name] = json;
  }

  // A new list: most of what is there, some changes, more events before its end; or none of it.
  void ReplacePods() {
    ReflectorSink& sink = index_.pod_sink();
    Objects fresh;
    sink.ReplaceBegin();
    for (const auto& [key, json] : pods_) {
      if (Chance(15)) continue;
      Send(sink, json);
      fresh[key] = json;
    }
    for (int i = 0; i < 3; ++i) ChangePod(sink, fresh);
    if (Chance(30)) return sink.ReplaceAbort();
    sink.ReplaceEnd();
    pods_ = fresh;
  }

  void ReplaceTargets() {
    ReflectorSink& sink = index_.target_sink();
    Objects fresh;
    sink.ReplaceBegin();
    for (const auto& [key, json] : targets_) {
      if (Chance(15)) continue;
      Send(sink, json);
      fresh[key] = json;
    }
    ChangeTarget(sink, fresh);
    if (Chance(30)) return sink.ReplaceAbort();
    sink.ReplaceEnd();
    targets_ = fresh;
  }

  template <class T>
  static std::shared_ptr<const T> Decode(const std::string& json, Status (*decode)(JsonValue, T&)) {
    auto object = std::make_shared<T>();
    JsonParser parser;
    (void)parser.Parse(json, [&](JsonValue root) { return decode(root, *object); });
    return object;
  }

  World MakeWorld() const {
    World world;
    world.trusted_namespaces = {"infra"};
    for (const auto& [key, json] : targets_) {
      world.targets.push_back(Decode<MonitoringTarget>(json, DecodeMonitoringTarget));
    }
    for (const auto& [key, json] : namespaces_) {
      world.namespaces.push_back(Decode<Namespace>(json, DecodeNamespace));
    }
    return world;
  }

  static std::vector<std::string> Uids(const std::vector<PodView>& pods) {
    std::vector<std::string> uids;
    for (const auto& pod : pods) uids.emplace_back(pod.uid);
    return uids;
  }

  void CheckSelecting(const World& world) {
    const std::string& ns = AnyNamespace();
    const Labels labels = RandomLabels();
    std::vector<std::string> expected, actual;
    Labels ns_labels;
    for (const auto& found : world.namespaces) {
      if (found->meta.name == ns) ns_labels = found->meta.labels;
    }
    for (const auto& target : world.targets) {
      if (target->WantsSidecar() &&
          TargetSelects(*target, ns, labels, ns_labels, world.trusted_namespaces)) {
        expected.push_back(target->meta.Key());
      }
    }
    for (const auto& target : index_.Selecting(ns, labels)) actual.push_back(target->meta.Key());
    ASSERT_EQ(actual, expected);
  }

  std::mt19937 random_;
  FakeClock clock_;
  Registry registry_;
  ClusterIndex index_{{"infra"}, clock_};
  Published<Document> document_;
  Publisher publisher_{index_, [this] { return index_.synced(); }, document_, {}, registry_,
                       clock_};
  Objects pods_, targets_, namespaces_;  // what the cluster holds, as JSON by key
};

TEST(Publisher, PublishesForAnyHistoryWhatThePlainWayMakesOfTheObjects) {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomCluster cluster(seed);
    for (int step = 0; step < 200; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      cluster.Step();
      if (::testing::Test::HasFatalFailure()) return;
    }
    cluster.Check();
    if (::testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace telltale
