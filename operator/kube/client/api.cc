// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/api.h"

#include <utility>

#include "operator/kube/client/status_error.h"

namespace telltale {
namespace {

Result<ApiResponse> CallForSuccess(HttpTransport& transport, ApiRequest request) {
  const std::string doing = request.method + " " + request.target;
  auto response = transport.Call(request);
  if (!response.ok()) return response;
  if (response->status < 200 || response->status > 299) return StatusError(doing, *response);
  return response;
}

}  // namespace

Result<std::string> Api::Get(const std::string& path) {
  ApiRequest request;
  request.target = path;
  auto response = CallForSuccess(transport_, std::move(request));
  if (!response.ok()) return response.error();
  return std::move(response->body);
}

Status Api::Apply(const std::string& path, std::string_view object_json) {
  ApiRequest request;
  request.method = "PATCH";
  request.target = path + "?fieldManager=" + std::string(kFieldManager) + "&force=true";
  // The media type of server-side apply is named for YAML; JSON is YAML.
  request.content_type = "application/apply-patch+yaml";
  request.body = object_json;
  auto response = CallForSuccess(transport_, std::move(request));
  return response.ok() ? Status() : Status(response.error());
}

Status Api::Create(const std::string& collection, std::string_view object_json) {
  ApiRequest request;
  request.method = "POST";
  request.target = collection + "?fieldManager=" + std::string(kFieldManager);
  request.content_type = "application/json";
  request.body = object_json;
  auto response = CallForSuccess(transport_, std::move(request));
  return response.ok() ? Status() : Status(response.error());
}

Status Api::Delete(const std::string& path) {
  ApiRequest request;
  request.method = "DELETE";
  request.target = path;
  auto response = CallForSuccess(transport_, std::move(request));
  if (response.ok() || response.error().code == Code::kNotFound) return {};
  return response.error();
}

namespace {

std::string NamespacedPath(std::string_view group, std::string_view ns, std::string_view resource,
                           std::string_view name) {
  std::string path(group);
  path.append("/namespaces/").append(ns).append("/").append(resource).append("/").append(name);
  return path;
}

}  // namespace

std::string ConfigMapPath(std::string_view ns, std::string_view name) {
  return NamespacedPath("/api/v1", ns, "configmaps", name);
}

std::string SecretPath(std::string_view ns, std::string_view name) {
  return NamespacedPath("/api/v1", ns, "secrets", name);
}

std::string TargetStatusPath(std::string_view ns, std::string_view name) {
  return NamespacedPath("/apis/telltale.dev/v1alpha1", ns, "monitoringtargets", name) + "/status";
}

std::string WebhookConfigurationPath(std::string_view name) {
  return "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/" + std::string(name);
}

}  // namespace telltale
