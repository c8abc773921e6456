// SPDX-License-Identifier: Apache-2.0
#include "operator/plan/injection/injected_container.h"

#include <array>

#include "operator/model/pod.h"
#include "operator/plan/configs/sidecar_config.h"

namespace telltale {
namespace {

constexpr int kUser = 65532;  // of the image
constexpr std::string_view kConfigPath = "/etc/telltale/config";
constexpr std::string_view kPodPath = "/etc/telltale/pod";
constexpr std::string_view kStatePath = "/var/lib/telltale";
constexpr std::string_view kApiPath = "/var/run/secrets/kubernetes.io/serviceaccount";
// The same again, by which a status can tell that the sidecar may ask the API.
constexpr std::string_view kApiMark = "/etc/telltale/api";
constexpr int kTokenSeconds = 3607;  // as the API server's own admission asks for

struct FieldVariable {
  std::string_view name, path;
};
constexpr std::array<FieldVariable, 4> kVariables = {{{"POD_NAME", "metadata.name"},
                                                      {"POD_NAMESPACE", "metadata.namespace"},
                                                      {"POD_UID", "metadata.uid"},
                                                      {"NODE_NAME", "spec.nodeName"}}};
constexpr std::string_view kContainer = "TELLTALE_CONTAINER";
constexpr std::string_view kContainers = "TELLTALE_CONTAINERS";
constexpr std::string_view kListen = "TELLTALE_LISTEN";

// Init containers come first, in the order in which they print.
std::string ContainerNames(const AdmittedPod& pod) {
  std::vector<std::string> names;
  for (const auto* list : {&pod.init_containers, &pod.containers}) {
    for (const auto& container : *list) names.push_back(container.name);
  }
  return Join(names, ",");
}

void WriteVariable(const EnvVariable& variable, JsonWriter& writer) {
  writer.BeginObject().Field("name", variable.name);
  if (variable.field_path.empty()) {
    writer.Field("value", variable.value).EndObject();
    return;
  }
  writer.Key("valueFrom").BeginObject().Key("fieldRef").BeginObject();
  writer.Field("fieldPath", variable.field_path).EndObject().EndObject().EndObject();
}

void WriteEnvironment(const AdmittedPod& pod, const LogMounts& logs, bool asks_api,
                      JsonWriter& writer) {
  writer.Key("env").BeginArray();
  for (const auto& variable : kVariables) {
    WriteVariable({std::string(variable.name), "", std::string(variable.path)}, writer);
  }
  WriteVariable({std::string(kContainer), logs.container}, writer);
  if (asks_api) WriteVariable({std::string(kContainers), ContainerNames(pod)}, writer);
  WriteVariable({std::string(kListen), ":" + std::to_string(kSidecarPort)}, writer);
  for (const auto& variable : logs.env) WriteVariable(variable, writer);
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
// OpenShift refuses a user that is not of its namespace's range, and sets one itself: there we name
// only a user whom the pod names too, or one in place of the pod's root.
void WriteRunAs(const RunAs& pod, const RunAs& app, bool users_are_assigned, JsonWriter& writer) {
  if (app.group.value_or(0) != 0) writer.Key("runAsGroup").Int(*app.group);
  writer.Key("runAsNonRoot").Bool(true);
  const std::int64_t wanted = app.user.value_or(pod.user.value_or(0));
  if (users_are_assigned && wanted == 0 && pod.user != 0) return;
  const std::int64_t user = wanted == 0 ? kUser : wanted;
  if (pod.user != user) writer.Key("runAsUser").Int(user);
}

void WriteSecurityContext(const RunAs& pod, const RunAs& app, bool users_are_assigned,
                          JsonWriter& writer) {
  writer.Key("securityContext").BeginObject();
  writer.Key("allowPrivilegeEscalation").Bool(false);
  writer.Key("capabilities").BeginObject().Key("drop").BeginArray().String("ALL");
  writer.EndArray().EndObject();
  writer.Key("readOnlyRootFilesystem").Bool(true);
  WriteRunAs(pod, app, users_are_assigned, writer);
  writer.Key("seccompProfile").BeginObject().Field("type", "RuntimeDefault").EndObject();
  writer.EndObject();
}

void WriteResources(const Resources& resources, JsonWriter& writer) {
  auto write = [&](std::string_view key, const Labels& quantities) {
    if (quantities.empty()) return;
    writer.Key(key).BeginObject();
    for (const auto& [name, quantity] : quantities) writer.Field(name, quantity);
    writer.EndObject();
  };
  writer.Key("resources").BeginObject();
  write("limits", resources.limits);
  write("requests", resources.requests);
  writer.EndObject();
}

void WriteMount(std::string_view volume, std::string_view path, bool read_only,
                JsonWriter& writer) {
  writer.BeginObject().Field("name", volume).Field("mountPath", path);
  if (read_only) writer.Key("readOnly").Bool(true);
  writer.EndObject();
}

void WriteLogMount(const VolumeMount& mount, JsonWriter& writer) {
  writer.BeginObject().Field("name", mount.volume).Field("mountPath", mount.path);
  if (!mount.sub_path.empty()) writer.Field("subPath", mount.sub_path);
  if (!mount.sub_path_expr.empty()) writer.Field("subPathExpr", mount.sub_path_expr);
  writer.Key("readOnly").Bool(true).EndObject();
}

std::string ConfigVolume(const std::string& name) {
  std::string json;
  JsonWriter writer(&json);
  writer.BeginObject().Field("name", name).Key("configMap").BeginObject();
  writer.Field("name", kSidecarConfigMap).Key("optional").Bool(true).EndObject().EndObject();
  return json;
}

// Optional: without the Secret the sidecar starts and pushes without credentials.
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

std::vector<EnvVariable> SidecarVariables() {
  std::vector<EnvVariable> variables;
  for (const auto& variable : kVariables) {
    variables.push_back({std::string(variable.name), "", std::string(variable.path)});
  }
  for (const auto name : {kContainer, kContainers, kListen}) {
    variables.push_back({std::string(name), ""});
  }
  return variables;
}

void WriteSidecarContainer(const InjectionOptions& options, const NamespaceRules& rules,
                           const AdmittedPod& pod, const Resources& resources,
                           const SidecarVolumes& volumes, const LogMounts& logs,
                           JsonWriter& writer) {
  writer.BeginObject();
  writer.Field("name", kSidecarContainer).Field("image", options.image);
  writer.Field("imagePullPolicy", options.image_pull_policy).Field("restartPolicy", "Always");
  writer.Key("args").BeginArray();
  writer.String("--config=" + std::string(kConfigPath));
  writer.String("--pod-info=" + std::string(kPodPath)).EndArray();
  WriteEnvironment(pod, logs, !volumes.api.empty(), writer);
  writer.Key("ports").BeginArray().BeginObject().Field("name", "telltale");
  writer.Key("containerPort").Int(kSidecarPort).Field("protocol", "TCP");
  writer.EndObject().EndArray();
  WriteProbe("startupProbe", "/readyz", 1, 30, writer);
  WriteProbe("livenessProbe", "/healthz", 10, 3, writer);
  WriteResources(resources, writer);
  WriteSecurityContext(pod.run_as, logs.run_as, rules.users_are_assigned, writer);
  writer.Key("volumeMounts").BeginArray();
  WriteMount(volumes.config, kConfigPath, true, writer);
  WriteMount(volumes.pod, kPodPath, true, writer);
  WriteMount(volumes.state, kStatePath, false, writer);
  if (!volumes.loki.empty()) WriteMount(volumes.loki, kLokiCredentialsPath, true, writer);
  // The API server mounts the ServiceAccount's token here in each container that has nothing here:
  // the sidecar gets the pod's labels instead, so that it holds no credentials that it needs not.
  WriteMount(volumes.api.empty() ? volumes.pod : volumes.api, kApiPath, true, writer);
  if (!volumes.api.empty()) WriteMount(volumes.api, kApiMark, true, writer);
  for (const auto& mount : logs.in_sidecar) WriteLogMount(mount, writer);
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
