// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/injected_container.h"

#include <array>

#include "operator/model/pod.h"
#include "operator/model/quantity.h"
#include "operator/plan/configs/sidecar_config.h"

namespace telltale {
namespace {

constexpr int kUser = 65532;  // of the image
constexpr std::string_view kConfigPath = "/etc/telltale/config";
constexpr std::string_view kPodPath = "/etc/telltale/pod";
constexpr std::string_view kStatePath = "/var/lib/telltale";
constexpr std::string_view kApiPath = "/var/run/secrets/kubernetes.io/serviceaccount";
constexpr int kTokenSeconds = 3607;  // as the API server's own admission asks for

struct FieldVariable {
  std::string_view name, path;
};
constexpr std::array<FieldVariable, 4> kVariables = {{{"POD_NAME", "metadata.name"},
                                                      {"POD_NAMESPACE", "metadata.namespace"},
                                                      {"POD_UID", "metadata.uid"},
                                                      {"NODE_NAME", "spec.nodeName"}}};

struct ResourceDefault {
  std::string_view name, request, limit;
};
constexpr std::array<ResourceDefault, 2> kDefaults = {
    {{"cpu", "10m", "200m"}, {"memory", "16Mi", "64Mi"}}};

// Init containers come first, in the order in which they print.
std::string ContainerNames(const AdmittedPod& pod) {
  std::vector<std::string> names = pod.init_containers;
  for (const auto& container : pod.containers) names.push_back(container.name);
  return Join(names, ",");
}

void WriteEnvironment(const AdmittedPod& pod, const std::string& app_container, bool asks_api,
                      JsonWriter& writer) {
  writer.Key("env").BeginArray();
  for (const auto& variable : kVariables) {
    writer.BeginObject().Field("name", variable.name).Key("valueFrom").BeginObject();
    writer.Key("fieldRef").BeginObject().Field("fieldPath", variable.path).EndObject();
    writer.EndObject().EndObject();
  }
  writer.BeginObject().Field("name", "TELLTALE_CONTAINER").Field("value", app_container);
  writer.EndObject();
  if (asks_api) {
    writer.BeginObject().Field("name", "TELLTALE_CONTAINERS");
    writer.Field("value", ContainerNames(pod)).EndObject();
  }
  writer.BeginObject().Field("name", "TELLTALE_LISTEN");
  writer.Field("value", ":" + std::to_string(kSidecarPort)).EndObject();
  writer.EndArray();
}

void WriteProbe(std::string_view key, std::string_view path, int period, int failures,
                JsonWriter& writer) {
  writer.Key(key).BeginObject();
  writer.Key("httpGet").BeginObject().Field("path", path);
  writer.Key("port").Int(kSidecarPort).EndObject();
  writer.Key("periodSeconds").Int(period);
  writer.Key("failureThreshold").Int(failures).EndObject();
}

// The user of the container whose logs are read, else the pod's, so that the sidecar can read what
// the application writes; not root, because the kubelet refuses root together with runAsNonRoot.
void WriteRunAs(const RunAs& pod, const RunAs& app, JsonWriter& writer) {
  if (app.group.value_or(0) != 0) writer.Key("runAsGroup").Int(*app.group);
  writer.Key("runAsNonRoot").Bool(true);
  const std::int64_t wanted = app.user.value_or(pod.user.value_or(0));
  const std::int64_t user = wanted == 0 ? kUser : wanted;
  if (pod.user != user) writer.Key("runAsUser").Int(user);
}

void WriteSecurityContext(const RunAs& pod, const RunAs& app, JsonWriter& writer) {
  writer.Key("securityContext").BeginObject();
  writer.Key("allowPrivilegeEscalation").Bool(false);
  writer.Key("capabilities").BeginObject().Key("drop").BeginArray().String("ALL");
  writer.EndArray().EndObject();
  writer.Key("readOnlyRootFilesystem").Bool(true);
  WriteRunAs(pod, app, writer);
  writer.Key("seccompProfile").BeginObject().Field("type", "RuntimeDefault").EndObject();
  writer.EndObject();
}

void WriteResources(const SidecarResources& resources, JsonWriter& writer) {
  auto write = [&](std::string_view key, const Labels& quantities) {
    writer.Key(key).BeginObject();
    for (const auto& [name, quantity] : quantities) writer.Field(name, quantity);
    writer.EndObject();
  };
  writer.Key("resources").BeginObject();
  write("limits", resources.limits);
  write("requests", resources.requests);
  writer.EndObject();
}

void WriteMount(std::string_view volume, std::string_view path, std::string_view sub_path,
                bool read_only, JsonWriter& writer) {
  writer.BeginObject().Field("name", volume).Field("mountPath", path);
  if (!sub_path.empty()) writer.Field("subPath", sub_path);
  if (read_only) writer.Key("readOnly").Bool(true);
  writer.EndObject();
}

std::string ConfigVolume(const std::string& name) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", name).Key("configMap").BeginObject();
  writer.Field("name", kSidecarConfigMap).Key("optional").Bool(true).EndObject().EndObject();
  return json;
}

// Without it the pod starts all the same, and Loki says what it thinks of that.
std::string SecretVolume(const std::string& name, const std::string& secret) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", name).Key("secret").BeginObject();
  writer.Field("secretName", secret).Key("optional").Bool(true).EndObject().EndObject();
  return json;
}

std::string PodVolume(const std::string& name) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", name).Key("downwardAPI").BeginObject();
  writer.Key("items").BeginArray().BeginObject().Field("path", "labels");
  writer.Key("fieldRef").BeginObject().Field("fieldPath", "metadata.labels").EndObject();
  writer.EndObject().EndArray().EndObject().EndObject();
  return json;
}

std::string EmptyDirVolume(const std::string& name) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", name).Key("emptyDir").BeginObject().EndObject().EndObject();
  return json;
}

// The pod's own ServiceAccount, also where it does not mount its token by itself.
std::string ApiVolume(const std::string& name) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", name).Key("projected").BeginObject();
  writer.Key("sources").BeginArray();
  writer.BeginObject().Key("serviceAccountToken").BeginObject();
  writer.Key("expirationSeconds").Int(kTokenSeconds);
  writer.Field("path", "token").EndObject().EndObject();
  writer.BeginObject().Key("configMap").BeginObject().Field("name", "kube-root-ca.crt");
  writer.Key("items").BeginArray().BeginObject().Field("key", "ca.crt").Field("path", "ca.crt");
  writer.EndObject().EndArray().EndObject().EndObject();
  writer.EndArray().EndObject().EndObject();
  return json;
}

}  // namespace

SidecarResources ResolveResources(
    const std::vector<std::shared_ptr<const MonitoringTarget>>& targets) {
  Labels requests, limits;
  for (const auto& target : targets) {
    if (!target->sidecar) continue;
    if (target->sidecar->requests.empty() && target->sidecar->limits.empty()) continue;
    requests = target->sidecar->requests;
    limits = target->sidecar->limits;
    break;
  }
  SidecarResources resources;
  for (const auto& fallback : kDefaults) {
    const std::string* request = FindLabel(requests, fallback.name);
    const std::string* limit = FindLabel(limits, fallback.name);
    std::string r(request ? *request : fallback.request);
    std::string l(limit ? *limit : fallback.limit);
    if (ParseQuantity(r) > ParseQuantity(l)) (limit ? r : l) = limit ? l : r;
    SetLabel(resources.requests, fallback.name, r);
    SetLabel(resources.limits, fallback.name, l);
  }
  return resources;
}

void WriteSidecarContainer(const InjectionOptions& options, const AdmittedPod& pod,
                           const SidecarResources& resources, const SidecarVolumes& volumes,
                           const LogMounts& logs, JsonWriter& writer) {
  writer.BeginObject();
  writer.Field("name", kSidecarContainer).Field("image", options.image);
  writer.Field("imagePullPolicy", options.image_pull_policy).Field("restartPolicy", "Always");
  writer.Key("args").BeginArray();
  writer.String("--config=" + std::string(kConfigPath));
  writer.String("--pod-info=" + std::string(kPodPath)).EndArray();
  WriteEnvironment(pod, logs.container, !volumes.api.empty(), writer);
  writer.Key("ports").BeginArray().BeginObject().Field("name", "telltale");
  writer.Key("containerPort").Int(kSidecarPort).Field("protocol", "TCP");
  writer.EndObject().EndArray();
  WriteProbe("startupProbe", "/readyz", 1, 30, writer);
  WriteProbe("livenessProbe", "/healthz", 10, 3, writer);
  WriteResources(resources, writer);
  WriteSecurityContext(pod.run_as, logs.run_as, writer);
  writer.Key("volumeMounts").BeginArray();
  WriteMount(volumes.config, kConfigPath, "", true, writer);
  WriteMount(volumes.pod, kPodPath, "", true, writer);
  WriteMount(volumes.state, kStatePath, "", false, writer);
  if (!volumes.loki.empty()) WriteMount(volumes.loki, kLokiCredentialsPath, "", true, writer);
  if (!volumes.api.empty()) WriteMount(volumes.api, kApiPath, "", true, writer);
  for (const auto& mount : logs.in_sidecar) {
    WriteMount(mount.volume, mount.path, mount.sub_path, true, writer);
  }
  writer.EndArray().EndObject();
}

std::vector<std::string> RenderSidecarVolumes(const InjectionOptions& options,
                                              const SidecarVolumes& volumes,
                                              const LogMounts& logs) {
  std::vector<std::string> rendered = {ConfigVolume(volumes.config), PodVolume(volumes.pod),
                                       EmptyDirVolume(volumes.state)};
  if (!volumes.loki.empty()) rendered.push_back(SecretVolume(volumes.loki, options.loki_secret));
  if (!volumes.api.empty()) rendered.push_back(ApiVolume(volumes.api));
  for (const auto& name : logs.new_volumes) rendered.push_back(EmptyDirVolume(name));
  return rendered;
}

}  // namespace telltale
