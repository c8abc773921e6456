// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/json_patch.h"

#include <algorithm>

#include "operator/model/pod_view.h"
#include "operator/plan/injection/injected_container.h"
#include "operator/plan/injection/log_mounts.h"
#include "operator/plan/injection/pod_annotations.h"
#include "operator/plan/injection/sidecar_resources.h"

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

LogFolders FoldersOf(const Targets& targets) {
  LogFolders folders;
  for (const auto& target : targets) {
    if (target->logs && target->logs->collector == LogsSpec::Collector::kSidecar &&
        target->logs->source == LogsSpec::Source::kFiles) {
      folders[target->logs->directory] |= std::ranges::any_of(
          target->logs->include,
          [](const std::string& pattern) { return pattern.find('/') != std::string::npos; });
    }
    if (target->sidecar && !target->sidecar->textfile_directory.empty()) {
      folders.try_emplace(target->sidecar->textfile_directory, false);
    }
  }
  return folders;
}

std::string RenderMount(const VolumeMount& mount) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", mount.volume).Field("mountPath", mount.path);
  if (!mount.sub_path.empty()) writer.Field("subPath", mount.sub_path);
  writer.EndObject();
  return json;
}

void AddContainerMounts(const std::vector<AdmittedContainer>& containers, bool init,
                        const LogMounts& logs, Patch& patch) {
  const std::string list = init ? "/spec/initContainers/" : "/spec/containers/";
  for (std::size_t i = 0; i < containers.size(); ++i) {
    std::vector<std::string> mounts;
    for (const auto& added : logs.in_containers) {
      if (added.init == init && added.container == i) mounts.push_back(RenderMount(added.mount));
    }
    patch.Append(list + std::to_string(i) + "/volumeMounts", containers[i].has_mounts, mounts);
  }
}

void AddPullSecrets(const AdmittedPod& pod, const InjectionOptions& options, Patch& patch) {
  std::vector<std::string> missing;
  for (const auto& name : options.pull_secrets) {
    if (std::ranges::find(pod.pull_secrets, name) != pod.pull_secrets.end()) continue;
    JsonWriter writer(&missing.emplace_back());
    writer.BeginObject().Field("name", name).EndObject();
  }
  patch.Append("/spec/imagePullSecrets", pod.has_pull_secrets, missing);
}

void AddAnnotations(const AdmittedPod& pod, const PodAnnotations& annotations, Patch& patch) {
  if (annotations.added().empty()) return;
  std::string value;
  JsonWriter writer(&value);
  if (pod.has_annotations) {
    for (const auto& [name, text] : annotations.added()) {
      std::string json;
      JsonWriter(&json).String(text);
      patch.Add("/metadata/annotations/" + EscapePointer(name), json);
    }
    return;
  }
  writer.BeginObject();
  for (const auto& [name, text] : annotations.added()) writer.Field(name, text);
  writer.EndObject();
  patch.Add("/metadata/annotations", value);
}

SidecarVolumes NameVolumes(const AdmittedPod& pod, const InjectionOptions& options,
                           const Targets& targets) {
  SidecarVolumes volumes;
  volumes.config = FreeVolumeName(pod, {}, "telltale-config");
  volumes.pod = FreeVolumeName(pod, {}, "telltale-pod");
  volumes.state = FreeVolumeName(pod, {}, "telltale-state");
  if (!pod.service_account.empty() &&
      std::ranges::any_of(targets, [](const auto& target) { return target->WantsOutput(); })) {
    volumes.api = FreeVolumeName(pod, {}, "telltale-api");
  }
  if (!options.loki_secret.empty()) volumes.loki = FreeVolumeName(pod, {}, "telltale-loki");
  return volumes;
}

std::vector<std::string> Warnings(const LogMounts& logs) {
  std::vector<std::string> warnings;
  for (const auto& directory : logs.covered) {
    warnings.push_back("telltale: an empty volume is mounted at " + directory +
                       " for log files; what the image has in this folder is hidden");
  }
  for (const auto& [directory, why] : logs.unseen) {
    warnings.push_back("telltale: log files in " + directory + " are not read: " + why);
  }
  return warnings;
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

PodPatch RenderLeftAlone(const AdmittedPod& pod, const std::string& why) {
  PodAnnotations annotations(pod);
  annotations.Add(kNotInjectedAnnotation, why);
  if (annotations.added().empty()) return {};
  Patch patch;
  AddAnnotations(pod, annotations, patch);
  return {patch.Take(), {"telltale: the pod gets no sidecar: " + why}};
}

Result<PodPatch> RenderSidecarPatch(const AdmittedPod& pod, const InjectionOptions& options,
                                    const NamespaceRules& rules, const Targets& targets) {
  if (!rules.limits_known) {
    return Fail(Code::kUnavailable, "the operator could not read the LimitRanges of its namespace");
  }
  auto resources = PlanSidecarResources(pod, rules.limits, targets);
  if (!resources) return resources.error();
  const LogMounts logs = PlanLogMounts(pod, FoldersOf(targets), SidecarVariables());
  const SidecarVolumes volumes = NameVolumes(pod, options, targets);
  std::string container;
  JsonWriter writer(&container);
  WriteSidecarContainer(options, rules, pod, *resources, volumes, logs, writer);

  Patch patch;
  patch.Append("/spec/volumes", pod.has_volumes, RenderSidecarVolumes(options, volumes, logs));
  AddContainerMounts(pod.containers, false, logs, patch);
  AddContainerMounts(pod.init_containers, true, logs, patch);
  // First of all, so that it sees what other init containers do and stays until after the last
  // application container (kubernetes.io "Sidecar Containers").
  if (pod.has_init_containers) {
    patch.Add("/spec/initContainers/0", container);
  } else {
    patch.Add("/spec/initContainers", "[" + container + "]");
  }
  AddPullSecrets(pod, options, patch);

  PodAnnotations annotations(pod);
  annotations.Add(kInjectedAnnotation, options.image);
  annotations.AddUnseenLogs(logs.unseen);
  std::vector<std::string> local = {volumes.state};
  local.insert(local.end(), logs.new_volumes.begin(), logs.new_volumes.end());
  annotations.AddSafeToEvict(local);
  AddAnnotations(pod, annotations, patch);
  return PodPatch{patch.Take(), Warnings(logs)};
}

}  // namespace telltale
