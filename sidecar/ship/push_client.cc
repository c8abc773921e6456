// SPDX-License-Identifier: Apache-2.0
#include "sidecar/ship/push_client.h"

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/ship/json_body.h"

namespace telltale {
namespace {

constexpr std::string_view kPushPath = "/loki/api/v1/push";

std::string PushPath(std::string_view target) {
  target = target.substr(0, target.find('?'));
  while (target.ends_with('/')) target.remove_suffix(1);
  std::string path(target);
  if (!target.ends_with(kPushPath)) path += kPushPath;
  return path;
}

Url UrlOrNone(const std::string& text) {
  auto url = ParseUrl(text);
  return url ? *url : Url{};
}

Error NoCredentials(Error error) {
  error.code = Code::kPermission;
  return error;
}

}  // namespace

Status PushClient::Check(const PushTarget& target) {
  if (auto url = ParseUrl(target.url); !url) return Context("loki.url", url.error());
  if (target.access.proxy_url.empty()) return {};
  auto proxy = ParseUrl(target.access.proxy_url);
  if (!proxy) return Context("loki.proxyUrl", proxy.error());
  if (proxy->tls) return Fail(Code::kInvalid, "loki.proxyUrl must begin with http://");
  return {};
}

PushClient::PushClient(PushTarget target, Clock& clock)
    : target_(std::move(target)),
      server_(UrlOrNone(target_.url)),
      path_(PushPath(server_.target)),
      token_("", target_.access.bearer_token_file, clock, "loki.bearerTokenFile"),
      password_("", target_.access.password_file, clock, "loki.basicAuth.passwordFile",
                TokenSource::Form::kPassword),
      pem_files_(target_.access.tls_files, std::nullopt, "Loki", {}, clock) {
  if (target_.access.proxy_url.empty()) return;
  Url proxy = UrlOrNone(target_.access.proxy_url);
  proxy_.emplace();
  proxy_->host = proxy.host;
  proxy_->port = proxy.port;
}

// Makes the client, anew when what the files hold has changed.
Status PushClient::Connect() {
  TlsIdentity identity;
  if (server_.tls) {
    auto files = pem_files_.Get();
    if (!files) return NoCredentials(files.error());
    identity = std::move(*files);
  }
  if (client_ && identity == identity_) return {};
  HttpClientOptions options;
  options.server = server_;
  options.tls = {identity.ca, identity.certificate, identity.key, target_.access.server_name,
                 target_.access.insecure_skip_verify};
  options.proxy = proxy_;
  options.connect_timeout = std::min(options.connect_timeout, target_.request_timeout);
  options.user_agent = "telltale-sidecar";
  std::lock_guard lock(mutex_);
  client_ = std::make_unique<HttpClient>(std::move(options));
  identity_ = std::move(identity);
  if (cancelled_) client_->Cancel();
  return {};
}

Result<HttpRequest> PushClient::Request(const PushBody& body) {
  const PushAccess& access = target_.access;
  HttpRequest request;
  request.method = "POST";
  request.target = path_;
  request.headers = access.headers;
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
  if (!access.bearer_token_file.empty()) {
    auto token = token_.Get();
    if (!token) return NoCredentials(token.error());
    request.headers.emplace_back("Authorization", "Bearer " + *token);
  } else if (!access.username.empty()) {
    auto password = password_.Get();
    if (!password) return NoCredentials(password.error());
    request.headers.emplace_back("Authorization",
                                 "Basic " + Base64Encode(access.username + ":" + *password));
  }
  return request;
}

Result<HttpResponse> PushClient::Push(const PushBody& body) {
  TELLTALE_TRY(Connect());
  auto request = Request(body);
  if (!request) return request.error();
  auto response = client_->Send(*request, target_.request_timeout);
  // Perhaps a certificate was renewed that the other side knows already.
  if (!response && client_->stage() == HttpStage::kTls) pem_files_.Doubt();
  return response;
}

void PushClient::Rejected() {
  token_.Rejected();
  password_.Rejected();
  pem_files_.Doubt();
}

void PushClient::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (client_) client_->Cancel();
}

}  // namespace telltale
