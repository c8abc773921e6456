// SPDX-License-Identifier: Apache-2.0
#include "tests/faults/operator/world.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "common/text/json_writer.h"

namespace telltale::faults {
namespace {

constexpr std::array<const char*, 4> kNamespaces = {"telltale", "shop", "team-a", "team-b"};
constexpr std::array<const char*, 4> kApps = {"web", "api", "db", "batch"};

void MustBe(const Status& status, std::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "the world cannot %s: %s\n", std::string(what).c_str(),
               status.error().message.c_str());
  std::abort();
}

}  // namespace

std::string PodPath(const std::string& ns, const std::string& name) {
  return "/api/v1/namespaces/" + ns + "/pods/" + name;
}

std::string TargetPath(const std::string& ns, const std::string& name) {
  return "/apis/telltale.dev/v1alpha1/namespaces/" + ns + "/monitoringtargets/" + name;
}

World::World(FakeCluster& cluster, std::uint64_t seed)
    : cluster_(cluster), random_(seed, "world") {}

void World::PutNamespace(const std::string& name) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Key("metadata").BeginObject().Field("name", name);
  w.Key("labels").BeginObject().Field("kubernetes.io/metadata.name", name);
  if (random_.Chance(0.5)) w.Field("tier", random_.Chance(0.5) ? "gold" : "tin");
  w.EndObject().EndObject().Key("status").BeginObject().Field("phase", "Active");
  w.EndObject().EndObject();
  MustBe(cluster_.Put("/api/v1/namespaces/" + name, json), "put a namespace");
}

void World::PutPod(const Pod& pod) {
  std::string json;
  JsonWriter w(&json);
  w.BeginObject().Key("metadata").BeginObject();
  w.Field("name", pod.name).Field("namespace", pod.ns).Field("uid", pod.uid);
  if (pod.leaving) w.Field("deletionTimestamp", "2026-11-21T02:00:00Z");
  w.Key("labels").BeginObject().Field("app", pod.app);
  for (const auto& [key, value] : pod.labels) w.Field(key, value);
  w.EndObject();
  if (pod.sidecar) {
    w.Key("annotations").BeginObject().Field("telltale.dev/sidecar", pod.image).EndObject();
  }
  w.EndObject();
  w.Key("spec").BeginObject().Field("nodeName", "node-" + std::to_string(pod.uid.size() % 3));
  w.Key("containers").BeginArray().BeginObject().Field("name", "app");
  w.Key("ports").BeginArray().BeginObject().Field("name", "http");
  w.Key("containerPort").Int(pod.port).EndObject().EndArray().EndObject();
  if (pod.sidecar) w.BeginObject().Field("name", "telltale-sidecar").EndObject();
  w.EndArray().EndObject();
  w.Key("status").BeginObject().Field("phase", pod.phase);
  if (!pod.ip.empty()) {
    w.Field("podIP", pod.ip).Key("podIPs").BeginArray().BeginObject().Field("ip", pod.ip);
    w.EndObject().EndArray();
  }
  w.Key("conditions").BeginArray().BeginObject().Field("type", "Ready");
  w.Field("status", pod.ready ? "True" : "False").EndObject().EndArray();
  w.EndObject().EndObject();
  MustBe(cluster_.Put(PodPath(pod.ns, pod.name), json), "put a pod");
}

World::Pod World::NewPod(const std::string& ns, const std::string& app, std::string name) {
  Pod pod;
  ++count_;
  pod.ns = ns;
  pod.app = app;
  pod.name = name.empty() ? app + "-" + std::to_string(count_) : std::move(name);
  pod.uid = "uid-" + std::to_string(count_);
  pod.ip = "10.1." + std::to_string(count_ / 250) + "." + std::to_string(count_ % 250 + 1);
  pod.sidecar = random_.Chance(0.4);
  pod.image = old_sidecars_ || random_.Chance(0.3) ? kOldImage : kImage;
  addresses_[pod.uid] = pod.ip;
  return pod;
}

const std::string* World::AddressOf(const std::string& uid) const {
  auto found = addresses_.find(uid);
  return found == addresses_.end() ? nullptr : &found->second;
}

void World::Apply(const std::string& path, const std::string& json) {
  ApiRequest request;
  request.method = "PATCH";
  request.target = path + "?fieldManager=somebody&force=true";
  request.content_type = "application/apply-patch+yaml";
  request.body = json;
  const ApiResponse response = cluster_.Call(request);
  if (response.status >= 300 && response.status != 404 && response.status != 409) {
    MustBe(Fail(Code::kInternal, std::to_string(response.status) + " " + response.body),
           "apply " + path);
  }
}

void World::Create(bool old_sidecars) {
  old_sidecars_ = old_sidecars;
  for (const char* name : kNamespaces) PutNamespace(name);
  PutNamespace("rock");
  for (std::size_t i = 0; i < kRockTargets; ++i) {
    Pod pod = NewPod("rock", "rock", "rock-" + std::to_string(i));
    pod.sidecar = false;  // it would be one more target
    PutPod(pod);
  }
  Apply(
      TargetPath("rock", "rock"),
      R"({"apiVersion":"telltale.dev/v1alpha1","kind":"MonitoringTarget","metadata":{"name":"rock",)"
      R"("namespace":"rock"},"spec":{"selector":{"matchLabels":{"app":"rock"}},)"
      R"("metrics":{"endpoints":[{"port":"http"}]},)"
      R"("logs":{"source":"Files","collector":"Sidecar","files":{"directory":"/var/log/app"}}}})");
  const int pods = random_.Between(3, 25);
  for (int i = 0; i < pods; ++i) {
    pods_.push_back(NewPod(kNamespaces[random_.Below(kNamespaces.size())],
                           kApps[random_.Below(kApps.size())], ""));
    PutPod(pods_.back());
  }
  const int targets = random_.Between(1, 6);
  for (int i = 0; i < targets; ++i) ChangeTarget();
}

void World::Change() {
  const std::uint64_t dice = random_.Below(100);
  if (dice < 70) return ChangePod();
  if (dice < 85) return ChangeTarget();
  if (dice < 92) return ChangeNamespace();
  ChangeConfigMap();
}

void World::ReplacePod(std::size_t index, bool same_name) {
  const Pod old = pods_[index];
  // It may be gone already: a restored backup knows less than we do.
  (void)cluster_.Remove(PodPath(old.ns, old.name));
  pods_[index] = NewPod(old.ns, old.app, same_name ? old.name : "");
  PutPod(pods_[index]);
}

void World::ChangePod() {
  if (pods_.empty() || (pods_.size() < 40 && random_.Chance(0.25))) {
    pods_.push_back(NewPod(kNamespaces[random_.Below(kNamespaces.size())],
                           kApps[random_.Below(kApps.size())], ""));
    if (random_.Chance(0.4)) {  // just scheduled
      pods_.back().phase = "Pending";
      pods_.back().ready = false;
      std::swap(pods_.back().ip, pods_.back().labels["kept-ip"]);
    }
    return PutPod(pods_.back());
  }
  const std::size_t index = random_.Below(pods_.size());
  Pod& pod = pods_[index];
  switch (random_.Below(9)) {
    case 0:
      (void)cluster_.Remove(PodPath(pod.ns, pod.name));
      pods_.erase(pods_.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    case 1:
      return ReplacePod(index, /*same_name=*/false);
    case 2:
      return ReplacePod(index, /*same_name=*/true);
    case 3:
      pod.app = kApps[random_.Below(kApps.size())];
      break;
    case 4:
      pod.ready = !pod.ready;
      break;
    case 5:
      pod.leaving = true;
      break;
    case 6:
      pod.phase = random_.Chance(0.5) ? "Succeeded" : "Failed";
      break;
    case 7:
      pod.labels["version"] = std::to_string(random_.Below(3));
      break;
    default:  // it starts to run
      pod.phase = "Running";
      pod.ready = true;
      if (auto kept = pod.labels.find("kept-ip"); kept != pod.labels.end()) {
        pod.ip = kept->second;
        pod.labels.erase(kept);
      }
      break;
  }
  PutPod(pod);
}

std::string World::RandomSpec() {
  std::string json;
  JsonWriter w(&json);
  const auto app = [&] { return kApps[random_.Below(kApps.size())]; };
  w.BeginObject().Key("selector").BeginObject();
  switch (random_.Below(4)) {
    case 0:
      w.Key("matchExpressions").BeginArray().BeginObject().Field("key", "app");
      w.Field("operator", "In").Key("values").BeginArray().String(app()).String(app()).EndArray();
      w.EndObject().EndArray();
      break;
    case 1:
      w.Key("matchExpressions").BeginArray().BeginObject().Field("key", "version");
      w.Field("operator", "Exists").EndObject().EndArray();
      break;
    default:
      w.Key("matchLabels").BeginObject().Field("app", app()).EndObject();
  }
  w.EndObject();
  if (random_.Chance(0.4)) {
    w.Key("namespaceSelector").BeginObject();
    switch (random_.Below(3)) {
      case 0:
        w.Key("any").Bool(true);
        break;
      case 1:
        w.Key("names").BeginArray().String("shop").String("team-a").EndArray();
        break;
      default:
        w.Key("labelSelector").BeginObject().Key("matchLabels").BeginObject();
        w.Field("tier", "gold").EndObject().EndObject();
    }
    w.EndObject();
  }
  if (random_.Chance(0.1)) w.Key("suspend").Bool(true);
  if (random_.Chance(0.85)) {
    w.Key("metrics").BeginObject().Key("endpoints").BeginArray().BeginObject();
    switch (random_.Below(8)) {
      case 0:
        w.Field("port", "nowhere");
        break;
      case 1:
        w.Key("port").Bool(true);  // what an older definition of the resource might let through
        break;
      case 2:
        w.Key("port").Int(9100);
        break;
      default:
        w.Field("port", "http");
    }
    w.Field("path", random_.Chance(0.5) ? "/metrics" : "/stats").EndObject().EndArray();
    if (random_.Chance(0.3)) {
      w.Key("labels").BeginObject().Key("static").BeginObject().Field("team", app());
      w.EndObject().EndObject();
    }
    w.EndObject();
  }
  if (random_.Chance(0.5)) {
    w.Key("logs").BeginObject();
    if (random_.Chance(0.6)) {
      w.Field("source", "Files").Field("collector", "Sidecar").Key("files").BeginObject();
      w.Field("directory", "/var/log/app").EndObject();
    } else {
      w.Field("source", "Stdout").Field("collector", "Node");
    }
    w.EndObject();
  }
  w.EndObject();
  return json;
}

void World::ChangeTarget() {
  if (!targets_.empty() && random_.Chance(0.2)) {
    const std::size_t index = random_.Below(targets_.size());
    const std::string key = targets_[index];
    targets_.erase(targets_.begin() + static_cast<std::ptrdiff_t>(index));
    const std::size_t slash = key.find('/');
    (void)cluster_.Remove(TargetPath(key.substr(0, slash), key.substr(slash + 1)));
    return;
  }
  std::string ns, name;
  if (!targets_.empty() && (targets_.size() > 7 || random_.Chance(0.6))) {
    const std::string& key = targets_[random_.Below(targets_.size())];
    ns = key.substr(0, key.find('/'));
    name = key.substr(key.find('/') + 1);
  } else {
    ns = kNamespaces[random_.Below(kNamespaces.size())];
    // Few names, so that one that was deleted comes again as another object.
    name = "mt-" + std::to_string(random_.Below(5));
    std::string key = ns + "/" + name;
    std::erase(targets_, key);
    targets_.push_back(std::move(key));
  }
  Apply(TargetPath(ns, name),
        R"({"apiVersion":"telltale.dev/v1alpha1","kind":"MonitoringTarget","metadata":{"name":")" +
            name + R"(","namespace":")" + ns + R"("},"spec":)" + RandomSpec() + "}");
}

void World::ChangeNamespace() { PutNamespace(kNamespaces[1 + random_.Below(3)]); }

// Somebody edits what is ours, or puts something of his own beside it.
void World::ChangeConfigMap() {
  const bool promtail = random_.Chance(0.3);
  const std::string ns = promtail ? "telltale" : kNamespaces[random_.Below(kNamespaces.size())];
  const std::string path = "/api/v1/namespaces/" + ns + "/configmaps/" +
                           (promtail ? "telltale-promtail" : "telltale-sidecar");
  if (random_.Chance(0.3)) {
    (void)cluster_.Remove(path);
    return;
  }
  ApiRequest request;
  request.method = "PATCH";
  request.target = path + "?fieldManager=somebody";
  request.content_type = "application/merge-patch+json";
  switch (random_.Below(3)) {
    case 0:
      request.body = R"({"data":{"note":"by hand"}})";
      break;
    case 1:
      request.body =
          promtail ? R"({"data":{"promtail.yaml":"by hand"}})"
                   : R"({"data":{"rock.rock.json":"by hand","telltale.mt-0.json":"by hand"}})";
      break;
    default:
      request.body = promtail ? R"({"data":{"promtail.yaml":null}})"
                              : R"({"data":{"telltale.mt-1.json":null,"shop.mt-1.json":null}})";
  }
  (void)cluster_.Call(request);  // 404 when it is not there
}

}  // namespace telltale::faults
