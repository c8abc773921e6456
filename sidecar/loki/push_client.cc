// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_client.h"

#include <string_view>
#include <utility>

#include "sidecar/loki/json_body.h"

namespace telltale {
namespace {

constexpr std::string_view kPushPath = "/loki/api/v1/push";

}  // namespace

Status PushClient::Check(const PushTarget& target) {
  return AccessClient::Check("loki", target.url, target.access);
}

PushClient::PushClient(PushTarget target, Clock& clock)
    : target_(std::move(target)),
      client_(target_.url, target_.access, "loki", "Loki", target_.request_timeout, clock),
      path_(client_.path()) {
  if (!path_.ends_with(kPushPath)) path_ += kPushPath;
}

Result<HttpResponse> PushClient::Push(const PushBody& body) {
  HttpRequest request;
  request.method = "POST";
  request.target = path_;
  if (target_.json) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.headers.emplace_back("Content-Encoding", "gzip");
    request.body = GzipJsonBody(body.compressed);
  } else {
    request.headers.emplace_back("Content-Type", "application/x-protobuf");
    request.headers.emplace_back("Content-Encoding", "snappy");
    request.body = body.compressed;
  }
  const std::string& tenant = body.tenant.empty() ? target_.tenant : body.tenant;
  if (!tenant.empty()) request.headers.emplace_back("X-Scope-OrgID", tenant);
  return client_.Send(std::move(request), target_.request_timeout);
}

}  // namespace telltale
