// SPDX-License-Identifier: Apache-2.0
//
// A small cluster for the tests of the reconcilers: targets, namespaces and held ConfigMaps as the
// caches would have them, an API that records writes, and a clock that stands still.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "operator/model/world.h"
#include "operator/reconcile/config_map_cache.h"
#include "tests/fakes/fake_api.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {

struct HeldWorld {
  // A target that wants a sidecar for the pods app=shop of its own namespace.
  MonitoringTarget& PutTarget(const std::string& ns, const std::string& name) {
    auto target = std::make_shared<MonitoringTarget>();
    target->meta.ns = ns;
    target->meta.name = name;
    target->meta.uid = "uid-" + name;
    target->meta.resource_version = std::to_string(++version);
    target->meta.generation = 1;
    target->selector.match_labels = {{"app", "shop"}};
    target->sidecar.emplace();
    target->sidecar->collectors = {"network"};
    MonitoringTarget& made = *target;
    targets[target->meta.Key()] = std::move(target);
    return made;
  }
  Namespace& PutNamespace(const std::string& name, Labels labels = {}) {
    auto ns = std::make_shared<Namespace>();
    ns->meta.name = name;
    ns->meta.labels = std::move(labels);
    Namespace& made = *ns;
    namespaces[name] = std::move(ns);
    return made;
  }
  World Snapshot() const {
    World world;
    for (const auto& [key, target] : targets) world.targets.push_back(target);
    for (const auto& [name, ns] : namespaces) world.namespaces.push_back(ns);
    world.trusted_namespaces = {"trusted"};
    return world;
  }

  // What the watch brings of a ConfigMap: its JSON with a new resourceVersion, or its end.
  void Watch(ConfigMapCache& cache, const std::string& json) {
    std::string with_version = json, seen;
    const std::string meta = R"("metadata":{)";
    with_version.insert(with_version.find(meta) + meta.size(),
                        R"("resourceVersion":")" + std::to_string(++version) + "\",");
    JsonParser parser;
    const Status read =
        parser.Parse(with_version, [&](JsonValue root) { return cache.Changed(root, seen); });
    if (!read.ok() || seen != std::to_string(version)) std::abort();
  }
  void WatchEnd(ConfigMapCache& cache, const std::string& ns) {
    JsonParser parser;
    std::string seen;
    const Status read =
        parser.Parse(R"({"metadata":{"namespace":")" + ns + R"(","resourceVersion":"9"}})",
                     [&](JsonValue root) { return cache.Deleted(root, seen); });
    if (!read.ok() || seen != "9") std::abort();
  }
  // Brings back what the API holds at this path.
  void WatchWritten(ConfigMapCache& cache, const std::string& path) {
    Watch(cache, fake.objects.at(path));
  }
  long Writes(const std::string& path) const {
    return std::count_if(fake.writes.begin(), fake.writes.end(),
                         [&](const auto& write) { return write.path == path; });
  }

  std::map<std::string, std::shared_ptr<MonitoringTarget>> targets;
  std::map<std::string, std::shared_ptr<Namespace>> namespaces;
  FakeApi fake;
  FakeClock clock;
  Registry registry;
  Api api{fake};
  int version = 100;
};

}  // namespace telltale
