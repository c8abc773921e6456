// SPDX-License-Identifier: Apache-2.0
#include "operator/model/pod.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/operator/model/parse.h"

namespace telltale {
namespace {

constexpr std::string_view kPod = R"({
  "kind": "Pod", "apiVersion": "v1",
  "metadata": {"name": "shop-1", "namespace": "shop", "uid": "u-1", "resourceVersion": "77",
    "generation": 2, "creationTimestamp": "2026-11-20T00:00:00Z",
    "labels": {"pod-template-hash": "5f", "app": "shop"},
    "annotations": {"telltale.dev/inject": "false", "other.dev/huge": "x"},
    "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}]},
  "spec": {
    "volumes": [{"name": "v", "future": {"odd": [1, {}, null]}}],
    "initContainers": [{"name": "migrate", "ports": [{"containerPort": 1}]},
      {"name": "telltale-sidecar", "restartPolicy": "Always", "ports": [{"name": "telltale", "containerPort": 9847}]}],
    "containers": [{"name": "shop", "image": "i", "ports": [
        {"name": "http", "containerPort": 8080, "protocol": "TCP"},
        {"name": "dns", "containerPort": 53, "protocol": "UDP"}, {"containerPort": 9090}]},
      {"name": "proxy"}],
    "nodeName": "node-a", "hostNetwork": true, "restartPolicy": "Always"},
  "status": {"phase": "Running", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}],
    "conditions": [{"type": "Initialized", "status": "False"}, {"type": "Ready", "status": "True"}]}
})";

TEST(DecodePod, KeepsWhatTelltaleNeeds) {
  Pod pod;
  ASSERT_TRUE(Parse(kPod, DecodePod, pod).ok());
  EXPECT_EQ(pod.meta.Key(), "shop/shop-1");
  EXPECT_EQ(pod.meta.uid, "u-1");
  EXPECT_EQ(pod.meta.resource_version, "77");
  EXPECT_EQ(pod.meta.generation, 2);
  EXPECT_FALSE(pod.meta.deleting);
  EXPECT_EQ(pod.meta.labels, (Labels{{"app", "shop"}, {"pod-template-hash", "5f"}}));
  EXPECT_EQ(pod.meta.annotations, (Labels{{"telltale.dev/inject", "false"}}));
  EXPECT_EQ(pod.node, "node-a");
  EXPECT_EQ(pod.ip, "10.0.0.7");
  EXPECT_TRUE(pod.host_network);
  EXPECT_TRUE(pod.Running());
  EXPECT_FALSE(pod.Finished());
}

TEST(DecodePod, PutsContainersBeforeInitContainersAndKeepsTcpPorts) {
  Pod pod;
  ASSERT_TRUE(Parse(kPod, DecodePod, pod).ok());
  ASSERT_EQ(pod.containers.size(), 4u);
  const Container& shop = pod.containers[0];
  EXPECT_EQ(shop.name, "shop");
  EXPECT_FALSE(shop.init);
  ASSERT_EQ(shop.ports.size(), 2u);
  EXPECT_EQ(shop.ports[0].name, "http");
  EXPECT_EQ(shop.ports[0].number, 8080);
  EXPECT_EQ(shop.ports[1].number, 9090);
  EXPECT_EQ(pod.containers[1].name, "proxy");
  EXPECT_TRUE(pod.containers[2].init);
  EXPECT_FALSE(pod.containers[2].native_sidecar);
  EXPECT_TRUE(pod.containers[3].native_sidecar);
  EXPECT_TRUE(pod.HasSidecar());
}

// Everything of a pod, to compare two.
template <class Text>
std::string Everything(const BasicPod<Text>& pod) {
  std::string all;
  const auto add = [&](const auto&... parts) { ((all.append(parts) += '|'), ...); };
  add(pod.meta.ns, pod.meta.name, pod.meta.uid, pod.meta.resource_version, pod.node, pod.phase,
      pod.ip, std::to_string(pod.meta.generation), std::to_string(pod.meta.deleting),
      std::to_string(pod.host_network), std::to_string(pod.windows));
  for (const auto& [key, value] : pod.meta.labels) add(key, "=", value);
  for (const auto& [key, value] : pod.meta.annotations) add(key, ":", value);
  for (const auto& container : pod.containers) {
    add(container.name, std::to_string(container.init), std::to_string(container.native_sidecar));
    for (const auto& port : container.ports) add(port.name, std::to_string(port.number));
  }
  return all;
}

TEST(PodDecoder, LeavesNothingOfThePodBefore) {
  const std::vector<std::string_view> pods = {
      kPod,
      R"({"metadata":{"name":"a"}})",
      kPod,
      R"({"metadata":{"name":"b\u0031","labels":{"z":"1","a":"2\n","z":"3"}},"spec":{"containers":[
          {"name":"x"},{"name":"y","ports":[{"containerPort":1}]}]},"status":{"phase":"Failed"}})",
      R"({"metadata":{"name":"c","deletionTimestamp":"x"},"spec":{"os":{"name":"windows"}}})",
      R"({"metadata":{"name":"d"},"spec":{"containers":[{"name":"x"},{}]}})",
      kPod};
  PodDecoder<std::string_view> texts;
  PodDecoder<std::string> owners;
  PodText text;
  Pod owned;
  for (const auto json : pods) {
    Pod fresh;
    const bool ok = Parse(json, DecodePod, fresh).ok();
    JsonParser parser;
    const Status as_text = parser.Parse(json, [&](JsonValue root) {
      const Status status = texts.Decode(root, text);
      EXPECT_EQ(Everything(text), Everything(fresh));
      return status;
    });
    EXPECT_EQ(as_text.ok(), ok);
    (void)parser.Parse(json, [&](JsonValue root) { return owners.Decode(root, owned); });
    EXPECT_EQ(Everything(owned), Everything(fresh));
    EXPECT_EQ(Everything(TextOf(fresh)), Everything(fresh));
  }
}

TEST(DecodePod, ADeletionTimestampMeansDeleting) {
  Pod pod;
  const auto* json = R"({"metadata":{"name":"p","deletionTimestamp":"2026-11-20T00:00:00Z"}})";
  ASSERT_TRUE(Parse(json, DecodePod, pod).ok());
  EXPECT_TRUE(pod.meta.deleting);
}

TEST(DecodePod, KnowsStaticPodsAndWindows) {
  const auto windows = [](const std::string& spec) {
    Pod pod;
    EXPECT_TRUE(Parse(R"({"metadata":{"name":"p"},"spec":)" + spec + "}", DecodePod, pod).ok());
    return pod.windows;
  };
  EXPECT_TRUE(windows(R"({"os":{"name":"windows"}})"));
  EXPECT_TRUE(windows(R"({"nodeSelector":{"kubernetes.io/os":"windows"}})"));
  EXPECT_FALSE(windows(R"({"os":{"name":"linux"},"nodeSelector":{"kubernetes.io/os":"linux"}})"));
  EXPECT_FALSE(windows(R"({"os":null,"nodeSelector":{"os":"windows"}})"));
  Pod pod;
  const auto* json = R"({"metadata":{"name":"p","annotations":{"kubernetes.io/config.mirror":"h",
    "kubernetes.io/config.hash":"h"}}})";
  ASSERT_TRUE(Parse(json, DecodePod, pod).ok());
  EXPECT_EQ(pod.meta.annotations, (Labels{{"kubernetes.io/config.mirror", "h"}}));
}

TEST(DecodePod, NullIsAbsent) {
  Pod pod;
  const auto* json = R"({"metadata":{"name":"p","labels":null,"deletionTimestamp":null},
    "spec":{"containers":null,"nodeName":null,"hostNetwork":null},"status":null})";
  ASSERT_TRUE(Parse(json, DecodePod, pod).ok());
  EXPECT_FALSE(pod.meta.deleting);
  EXPECT_TRUE(pod.containers.empty());
}

TEST(DecodePod, ErrorsNameTheFieldPath) {
  const auto error = [](std::string_view json) { return ErrorOf(json, DecodePod); };
  EXPECT_EQ(error(R"([])"), "Pod: must be an object");
  EXPECT_EQ(error(R"({"metadata":[]})"), "metadata: must be an object");
  EXPECT_EQ(error(R"({"metadata":{"name":5}})"), "metadata.name: must be a string");
  EXPECT_EQ(error(R"({"metadata":{"labels":{"a":[]}}})"), "metadata.labels.a: must be a string");
  EXPECT_EQ(
      error(
          R"({"spec":{"containers":[{"name":"a"},{"name":"b","ports":[{"containerPort":"x"}]}]}})"),
      "spec.containers[1].ports[0].containerPort: must be a whole number");
  EXPECT_EQ(error(R"({"spec":{"containers":[{"name":"a","ports":[{"containerPort":70000}]}]}})"),
            "spec.containers[0].ports[0]: needs a containerPort of 1 to 65535");
  EXPECT_EQ(error(R"({"spec":{"hostNetwork":"yes"}})"), "spec.hostNetwork: must be true or false");
  EXPECT_EQ(error(R"({"status":{"podIP":{}}})"), "status.podIP: must be a string");
  EXPECT_EQ(error("{}"), "metadata.name: a Pod needs a name");
}

TEST(DecodePod, APodCutShortAnywhereIsAnErrorAndNoCrash) {
  for (std::size_t length = 0; length < kPod.size(); ++length) {
    EXPECT_NE(ErrorOf(kPod.substr(0, length), DecodePod), "") << "at " << length;
  }
}

// Every value of the document becomes each kind of value once.
TEST(DecodePod, AWrongTypeAnywhereIsAnErrorOrIgnoredButNoCrash) {
  const std::vector<std::string> kinds = {"null",        "true", "-1", "1e400",     "\"\"",
                                          "\"\\ud800\"", "[]",   "{}", "[[[[[]]]]]"};
  int errors = 0;
  for (std::size_t at = 0; at < kPod.size(); ++at) {
    if (kPod[at] != '"' && kPod[at] != '{' && kPod[at] != '[') continue;
    for (const auto& kind : kinds) {
      std::string text(kPod.substr(0, at));
      std::size_t end = at + 1;
      if (kPod[at] == '"') {
        end = kPod.find('"', at + 1) + 1;
      } else {
        for (int depth = 1; depth > 0; ++end) {
          if (kPod[end] == '{' || kPod[end] == '[') ++depth;
          if (kPod[end] == '}' || kPod[end] == ']') --depth;
        }
      }
      text.append(kind).append(kPod.substr(end));
      errors += ErrorOf(text, DecodePod).empty() ? 0 : 1;
    }
  }
  EXPECT_GT(errors, 100);
}

TEST(DecodeNamespace, ReadsNameAndLabels) {
  Namespace ns;
  ASSERT_TRUE(
      Parse(R"({"metadata":{"name":"shop","labels":{"team":"a"}},"spec":{"finalizers":[]}})",
            DecodeNamespace, ns)
          .ok());
  EXPECT_EQ(ns.meta.Key(), "shop");
  EXPECT_EQ(ns.meta.labels, (Labels{{"team", "a"}}));
  EXPECT_EQ(ErrorOf("{}", DecodeNamespace), "metadata.name: a Namespace needs a name");
}

TEST(AppLabel, TakesTheFirstThatIsNotEmpty) {
  EXPECT_EQ(AppLabel({{"app", "b"}, {"app.kubernetes.io/name", "a"}, {"k8s-app", "c"}}, "d"), "a");
  EXPECT_EQ(AppLabel({{"app", "b"}, {"k8s-app", "c"}}, "d"), "b");
  EXPECT_EQ(AppLabel({{"app", ""}, {"k8s-app", "c"}}, "d"), "c");
  EXPECT_EQ(AppLabel({}, "d"), "d");
}

}  // namespace
}  // namespace telltale
