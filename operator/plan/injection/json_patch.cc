// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/json_patch.h"

#include <algorithm>
#include <set>

#include "operator/plan/injection/injected_container.h"
#include "operator/plan/injection/log_mounts.h"

namespace telltale {
namespace {

using Targets = std::vector<std::shared_ptr<const MonitoringTarget>>;

constexpr std::string_view kInjectedAnnotation = "telltale.dev/sidecar";

// The operations of one patch, in order.
class Patch {
 public:
  Patch() : writer_(&json_) { writer_.BeginArray(); }

  void Add(std::string_view path, std::string_view value_json) {
    writer_.BeginObject().Field("op", "add").Field("path", path);
    writer_.Key("value").Raw(value_json).EndObject();
  }
  // Appends to an array, which is made when the pod has none.
  void Append(const std::string& array_path, bool exists, const std::vector<std::string>& items) {
    if (exists) {
      for (const auto& item : items) Add(array_path + "/-", item);
    } else if (!items.empty()) {
      Add(array_path, AsArray(items));
    }
  }
  std::string Take() {
    writer_.EndArray();
    return std::move(json_);
  }

 private:
  static std::string AsArray(const std::vector<std::string>& items) {
    return "[" + Join(items, ",") + "]";
  }

  std::string json_;
  JsonWriter writer_;
};

std::vector<std::string> LogDirectories(const Targets& targets) {
  std::set<std::string> directories;
  for (const auto& target : targets) {
    if (target->logs && target->logs->collector == LogsSpec::Collector::kSidecar &&
        target->logs->source == LogsSpec::Source::kFiles) {
      directories.insert(target->logs->directory);
    }
  }
  return {directories.begin(), directories.end()};
}

std::string RenderMount(const VolumeMount& mount) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", mount.volume).Field("mountPath", mount.path).EndObject();
  return json;
}

void AddContainerMounts(const AdmittedPod& pod, const LogMounts& logs, Patch& patch) {
  for (std::size_t i = 0; i < pod.containers.size(); ++i) {
    std::vector<std::string> mounts;
    for (const auto& added : logs.in_containers) {
      if (added.container == i) mounts.push_back(RenderMount(added.mount));
    }
    patch.Append("/spec/containers/" + std::to_string(i) + "/volumeMounts",
                 pod.containers[i].has_mounts, mounts);
  }
}

void AddAnnotation(const AdmittedPod& pod, const std::string& image, Patch& patch) {
  std::string value;
  JsonWriter writer(&value);
  if (pod.has_annotations) {
    writer.String(image);
    patch.Add("/metadata/annotations/" + EscapePointer(kInjectedAnnotation), value);
  } else {
    writer.BeginObject().Field(kInjectedAnnotation, image).EndObject();
    patch.Add("/metadata/annotations", value);
  }
}

}  // namespace

std::string EscapePointer(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string RenderSidecarPatch(const AdmittedPod& pod, const InjectionOptions& options,
                               const Targets& targets) {
  const LogMounts logs = PlanLogMounts(pod, LogDirectories(targets));
  SidecarVolumes volumes;
  volumes.config = FreeVolumeName(pod, {}, "telltale-config");
  volumes.pod = FreeVolumeName(pod, {}, "telltale-pod");
  volumes.state = FreeVolumeName(pod, {}, "telltale-state");
  if (std::ranges::any_of(targets, [](const auto& target) { return target->WantsOutput(); })) {
    volumes.api = FreeVolumeName(pod, {}, "telltale-api");
  }
  if (!options.loki_secret.empty()) volumes.loki = FreeVolumeName(pod, {}, "telltale-loki");

  std::string container;
  JsonWriter writer(&container);
  WriteSidecarContainer(options, pod, ResolveResources(targets), volumes, logs, writer);

  Patch patch;
  patch.Append("/spec/volumes", pod.has_volumes, RenderSidecarVolumes(options, volumes, logs));
  AddContainerMounts(pod, logs, patch);
  // First of all, so that it sees what other init containers do and stays until after the last
  // application container (kubernetes.io "Sidecar Containers").
  if (pod.has_init_containers) {
    patch.Add("/spec/initContainers/0", container);
  } else {
    patch.Add("/spec/initContainers", "[" + container + "]");
  }
  AddAnnotation(pod, options.image, patch);
  return patch.Take();
}

}  // namespace telltale
