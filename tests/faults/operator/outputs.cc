// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/outputs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fakes/kube/cluster/json_tree.h"
#include "tests/faults/operator/world.h"

namespace telltale::faults {
namespace {

constexpr std::string_view kConfigMaps = "/api/v1/configmaps";

Json ParseOrDie(const std::string& text) {
  auto parsed = ParseJsonTree(text);
  if (parsed.ok()) return std::move(*parsed);
  std::fprintf(stderr, "the fake cluster holds no JSON: %s\n", text.c_str());
  std::abort();
}

std::string ObjectPath(std::string_view collection, const std::string& key) {
  const std::size_t last = collection.rfind('/');
  const std::size_t slash = key.find('/');
  if (slash == std::string::npos) return std::string(collection) + "/" + key;
  return std::string(collection.substr(0, last)) + "/namespaces/" + key.substr(0, slash) +
         std::string(collection.substr(last)) + "/" + key.substr(slash + 1);
}

void DropTimes(Json& value) {
  for (std::size_t i = value.keys.size(); i-- > 0;) {
    if (value.keys[i].ends_with("Time")) value.Erase(value.keys[i]);
  }
  for (Json& item : value.items) DropTimes(item);
}

}  // namespace

Outputs ReadOutputs(const FakeCluster& cluster) {
  Outputs outputs;
  for (const std::string& key : cluster.Names(kConfigMaps)) {
    if (!key.ends_with("/telltale-sidecar") && !key.ends_with("/telltale-promtail")) continue;
    const Json object = ParseOrDie(cluster.Get(ObjectPath(kConfigMaps, key)));
    outputs["configmap " + key] = "is there";
    const Json* data = object.Find("data");
    if (data == nullptr) continue;
    for (std::size_t i = 0; i < data->keys.size(); ++i) {
      const std::string& name = data->keys[i];
      // A key that somebody else owns and we never wanted is not ours to remove.
      if (data->items[i].text == kByHand) continue;
      if (name.ends_with(".json") || name.ends_with(".yaml")) {
        outputs["configmap " + key + " " + name] = data->items[i].text;
      }
    }
  }
  for (const std::string& key : cluster.Names(kTargetsPath)) {
    Json object = ParseOrDie(cluster.Get(ObjectPath(kTargetsPath, key)));
    Json* status = object.Find("status");
    if (status == nullptr) continue;
    DropTimes(*status);
    status->SortKeys();
    outputs["status " + key] = status->Text();
  }
  return outputs;
}

std::string Difference(const Outputs& got, const Outputs& wanted) {
  for (const auto& [key, value] : wanted) {
    auto found = got.find(key);
    if (found == got.end()) return key + " is missing; wanted:\n" + value;
    if (found->second != value) return key + " is\n" + found->second + "\nwanted:\n" + value;
  }
  for (const auto& [key, value] : got) {
    if (!wanted.contains(key)) return key + " is too many:\n" + value;
  }
  return "";
}

void CopyWorld(const FakeCluster& from, FakeCluster& to) {
  for (const std::string_view collection :
       {std::string_view("/api/v1/namespaces"), std::string_view("/api/v1/pods"), kTargetsPath}) {
    for (const std::string& key : from.Names(collection)) {
      const std::string path = ObjectPath(collection, key);
      Json object = ParseOrDie(from.Get(path));
      if (collection == kTargetsPath) object.Erase("status");
      if (const Status put = to.Put(path, object.Text()); !put.ok()) {
        std::fprintf(stderr, "cannot copy %s: %s\n", path.c_str(), put.error().message.c_str());
        std::abort();
      }
    }
  }
}

}  // namespace telltale::faults
