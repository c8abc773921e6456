// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/api.h"

#include <algorithm>
#include <utility>

#include "common/text/json_writer.h"
#include "common/text/yaml_text.h"
#include "operator/kube/client/status_error.h"

namespace telltale {
namespace {

ApiRequest Request(std::string method, std::string target) {
  ApiRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  return request;
}

ApiRequest Request(std::string method, std::string target, std::string content_type,
                   std::string_view body) {
  ApiRequest request = Request(std::move(method), std::move(target));
  request.content_type = std::move(content_type);
  request.body = body;
  return request;
}

std::string AsManager(const std::string& path) {
  return path + "?fieldManager=" + std::string(kFieldManager);
}

// metav1.DeleteOptions; nothing when there is nothing to say.
std::string DeleteOptionsJson(const DeleteOnly& only) {
  std::string json;
  if (only.uid.empty() && only.resource_version.empty()) return json;
  JsonWriter w(&json);
  w.BeginObject().Field("apiVersion", "v1").Field("kind", "DeleteOptions");
  w.Key("preconditions").BeginObject();
  if (!only.uid.empty()) w.Field("uid", only.uid);
  if (!only.resource_version.empty()) w.Field("resourceVersion", only.resource_version);
  w.EndObject().EndObject();
  return json;
}

Status StatusOf(const Result<std::string>& result) {
  return result.ok() ? Status() : Status(result.error());
}

}  // namespace

Result<std::string> Api::Get(const std::string& path) { return Send(Request("GET", path)); }

Status Api::Apply(const std::string& path, std::string_view object_json) {
  // The media type of server-side apply is named for YAML, and the API server reads it as that.
  // JSON is YAML but for a few characters.
  return StatusOf(
      Write(Request("PATCH", AsManager(path) + "&force=true", "application/apply-patch+yaml",
                    EscapedForYaml(std::string(object_json)))));
}

Result<std::string> Api::Create(const std::string& collection, std::string_view object_json) {
  return Write(Request("POST", AsManager(collection), "application/json", object_json));
}

Result<std::string> Api::Update(const std::string& path, std::string_view object_json) {
  return Write(Request("PUT", AsManager(path), "application/json", object_json));
}

Result<std::string> Api::Patch(const std::string& path, std::string_view merge_json) {
  return Write(Request("PATCH", AsManager(path), "application/merge-patch+json", merge_json));
}

Status Api::Delete(const std::string& path, const DeleteOnly& only) {
  const std::string options = DeleteOptionsJson(only);
  const auto result = Write(options.empty() ? Request("DELETE", path)
                                            : Request("DELETE", path, "application/json", options));
  if (!result.ok() && result.error().code == Code::kNotFound) return {};
  return StatusOf(result);
}

Result<std::string> Api::Write(ApiRequest request) {
  if (options_.may_write && !options_.may_write()) {
    return Fail(Code::kCancelled, request.method + " " + request.target +
                                      ": not sent, because another replica is the leader");
  }
  return Send(std::move(request));
}

Result<std::string> Api::Send(ApiRequest request) {
  const std::string doing = request.method + " " + request.target;
  {
    MutexLock lock(mutex_);
    if (clock_.Steady() < not_before_) {
      return Fail(Code::kUnavailable, doing +
                                          ": not sent yet, because the API server asked us to "
                                          "wait (Retry-After)");
    }
  }
  request.timeout = options_.timeout;
  auto response = transport_.Call(request);
  if (!response.ok()) return response.error();
  if (response->status == 429 || response->status == 503) Wait(response->retry_after_seconds);
  if (response->status < 200 || response->status > 299) return StatusError(doing, *response);
  return std::move(response->body);
}

void Api::Wait(int seconds) {
  MutexLock lock(mutex_);
  not_before_ = std::max(not_before_, clock_.Steady() + std::chrono::seconds(seconds));
}

namespace {

std::string Collection(std::string_view group, std::string_view ns, std::string_view resource) {
  std::string path(group);
  path.append("/namespaces/").append(ns).append("/").append(resource);
  return path;
}

std::string Object(std::string path, std::string_view name) {
  path.append("/").append(name);
  return path;
}

}  // namespace

std::string ConfigMapPath(std::string_view ns, std::string_view name) {
  return Object(Collection("/api/v1", ns, "configmaps"), name);
}

std::string SecretPath(std::string_view ns, std::string_view name) {
  return Object(Collection("/api/v1", ns, "secrets"), name);
}

std::string TargetStatusPath(std::string_view ns, std::string_view name) {
  return Object(Collection("/apis/telltale.dev/v1alpha1", ns, "monitoringtargets"), name) +
         "/status";
}

std::string WebhookConfigurationPath(std::string_view name) {
  return Object("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", name);
}

std::string LeaseCollection(std::string_view ns) {
  return Collection("/apis/coordination.k8s.io/v1", ns, "leases");
}

std::string LeasePath(std::string_view ns, std::string_view name) {
  return Object(LeaseCollection(ns), name);
}

std::string EventCollection(std::string_view ns) {
  return Collection("/apis/events.k8s.io/v1", ns, "events");
}

std::string EventPath(std::string_view ns, std::string_view name) {
  return Object(EventCollection(ns), name);
}

}  // namespace telltale
