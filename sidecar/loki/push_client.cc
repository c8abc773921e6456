// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_client.h"

#include <string_view>
#include <utility>

namespace telltale {
namespace {

constexpr std::string_view kPushPath = "/loki/api/v1/push";

}  // namespace

std::string PushClient::PushPath(std::string_view target) {
  target = target.substr(0, target.find('?'));
  while (target.ends_with('/')) target.remove_suffix(1);
  std::string path(target);
  if (!target.ends_with(kPushPath)) path += kPushPath;
  return path;
}

Status PushClient::Check(const PushTarget& target) {
  return AccessClient::Check("loki", target.url, target.access);
}

PushClient::PushClient(PushTarget target, Clock& clock)
    : target_(std::move(target)),
      client_(target_.url, target_.access, "loki", "Loki", target_.request_timeout, clock),
      path_(client_.path()) {
  if (!path_.ends_with(kPushPath)) path_ += kPushPath;
}

Result<HttpResponse> PushClient::Push(const std::string& tenant, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.target = path_;
  request.headers.emplace_back("Content-Type", "application/x-protobuf");
  request.headers.emplace_back("Content-Encoding", "snappy");
  request.body = std::move(body);
  const std::string& scope = tenant.empty() ? target_.tenant : tenant;
  if (!scope.empty()) request.headers.emplace_back("X-Scope-OrgID", scope);
  return client_.Send(std::move(request), target_.request_timeout);
}

}  // namespace telltale
