// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/push_client.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/base/strings.h"
#include "sidecar/loki/json_body.h"

namespace telltale {
namespace {

constexpr std::chrono::minutes kLookAgain{1};
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

// The key that a file comes from: its own, or the folder of all.
std::string KeyOf(const std::string& file, const char* key) {
  return file.empty() ? "loki.credentials" : key;
}

// Puts the key in front of an error that is about one of the files for TLS.
Error NameTlsKey(Error error, const PushAccess& access) {
  const TlsFiles& files = access.tls_files;
  const char* key = access.credentials.empty() ? "loki.tls" : "loki.credentials";
  for (const auto& [name, file] :
       {std::pair("loki.tls.caFile", &files.ca), std::pair("loki.tls.certFile", &files.certificate),
        std::pair("loki.tls.keyFile", &files.key)}) {
    if (!file->empty() && error.message.find(*file) != std::string::npos) key = name;
  }
  return Context(key, error);
}

}  // namespace

Status PushClient::Check(const PushTarget& target) {
  if (auto url = ParseUrl(target.url); !url) return Context("loki.url", url.error());
  if (target.access.proxy_url.empty()) return {};
  auto proxy = ParseHttpProxy(target.access.proxy_url);
  if (!proxy) return Context("loki.proxyUrl", proxy.error());
  return {};
}

PushClient::PushClient(PushTarget target, Clock& clock)
    : target_(std::move(target)),
      server_(UrlOrNone(target_.url)),
      path_(PushPath(server_.target)),
      clock_(clock) {
  if (target_.access.proxy_url.empty()) return;
  if (auto proxy = ParseHttpProxy(target_.access.proxy_url)) proxy_ = std::move(*proxy);
}

PushClient::Secrets::Secrets(Files found, const PushAccess& access, Clock& clock)
    : files(std::move(found)),
      token("", files.token, clock, KeyOf(access.bearer_token_file, "loki.bearerTokenFile")),
      username("", files.username, clock,
               KeyOf(access.username_file, "loki.basicAuth.usernameFile"),
               TokenSource::Form::kPassword),
      password("", files.password, clock,
               KeyOf(access.password_file, "loki.basicAuth.passwordFile"),
               TokenSource::Form::kPassword),
      proxy_username("", files.proxy_username, clock, "loki.proxyAuth.usernameFile",
                     TokenSource::Form::kPassword),
      proxy_password("", files.proxy_password, clock, "loki.proxyAuth.passwordFile",
                     TokenSource::Form::kPassword),
      pem(files.tls, std::nullopt, "Loki", {}, clock) {}

PushClient::Files PushClient::FindFiles() const {
  const PushAccess& access = target_.access;
  Files files{access.tls_files,     access.bearer_token_file,   access.username_file,
              access.password_file, access.proxy_username_file, access.proxy_password_file};
  if (access.credentials.empty()) return files;
  const auto there = [&](const char* name) {
    std::string path = access.credentials + "/" + name;
    return ::access(path.c_str(), R_OK) == 0 ? path : std::string();
  };
  if (files.tls.ca.empty() && !access.insecure_skip_verify) files.tls.ca = there("ca.crt");
  if (files.tls.certificate.empty() && !there("tls.crt").empty() && !there("tls.key").empty()) {
    files.tls.certificate = there("tls.crt");
    files.tls.key = there("tls.key");
  }
  if (files.password.empty() && files.token.empty()) files.token = there("token");
  if (files.password.empty() && files.token.empty()) {
    files.password = there("password");
    if (access.username.empty()) files.username = there("username");
  }
  return files;
}

// Files come and go with their Secret.
void PushClient::Look() {
  const SteadyTime now = clock_.Steady();
  if (looked_at_ && now - *looked_at_ < kLookAgain) return;
  looked_at_ = now;
  Files files = FindFiles();
  if (!secrets_ || files != secrets_->files) {
    secrets_ = std::make_unique<Secrets>(std::move(files), target_.access, clock_);
  }
}

// Makes the client, anew when what the files hold has changed.
Status PushClient::Connect() {
  Look();
  TlsIdentity identity;
  if (server_.tls) {
    auto files = secrets_->pem.Get();
    if (!files) return NoCredentials(NameTlsKey(files.error(), target_.access));
    identity = std::move(*files);
  }
  auto proxy = Proxy();
  if (!proxy) return NoCredentials(proxy.error());
  if (client_ && identity == identity_ && *proxy == through_) return {};
  HttpClientOptions options;
  options.server = server_;
  options.tls = {identity, target_.access.server_name, target_.access.insecure_skip_verify};
  options.proxy = *proxy;
  options.connect_timeout = std::min(options.connect_timeout, target_.request_timeout);
  options.user_agent = "telltale-sidecar";
  std::lock_guard lock(mutex_);
  client_ = std::make_unique<HttpClient>(std::move(options));
  identity_ = std::move(identity);
  through_ = std::move(*proxy);
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
  auto authorization = Authorization();
  if (!authorization) return NoCredentials(authorization.error());
  if (!authorization->empty()) request.headers.emplace_back("Authorization", *authorization);
  return request;
}

Result<std::string> PushClient::Authorization() {
  if (!secrets_->files.token.empty()) {
    auto token = secrets_->token.Get();
    if (!token) return token.error();
    return "Bearer " + *token;
  }
  if (secrets_->files.password.empty()) return std::string();
  std::string username = target_.access.username;
  if (username.empty()) {
    auto read = secrets_->username.Get();
    if (!read) return read.error();
    username = std::move(*read);
  }
  auto password = secrets_->password.Get();
  if (!password) return password.error();
  return "Basic " + Base64Encode(username + ":" + *password);
}

// With the credentials that are in their files now.
Result<std::optional<HttpProxy>> PushClient::Proxy() {
  std::optional<HttpProxy> proxy = proxy_;
  if (!proxy || secrets_->files.proxy_password.empty()) return proxy;
  proxy->username = target_.access.proxy_username;
  if (proxy->username.empty()) {
    auto username = secrets_->proxy_username.Get();
    if (!username) return username.error();
    proxy->username = std::move(*username);
  }
  auto password = secrets_->proxy_password.Get();
  if (!password) return password.error();
  proxy->password = std::move(*password);
  return proxy;
}

Result<HttpResponse> PushClient::Push(const PushBody& body) {
  TELLTALE_TRY(Connect());
  auto request = Request(body);
  if (!request) return request.error();
  auto response = client_->Send(*request, target_.request_timeout);
  // Perhaps a certificate was renewed that the other side knows already.
  if (!response && client_->stage() == HttpStage::kTls) Invalidate();
  // It refused the tunnel, perhaps for want of credentials: of a plain request it answers 407.
  if (!response && client_->stage() == HttpStage::kProxy) Rejected();
  return response;
}

void PushClient::Invalidate() {
  looked_at_.reset();
  if (secrets_) secrets_->pem.Invalidate();
}

void PushClient::Rejected() {
  Invalidate();
  if (!secrets_) return;
  secrets_->token.Rejected();
  secrets_->username.Rejected();
  secrets_->password.Rejected();
  secrets_->proxy_username.Rejected();
  secrets_->proxy_password.Rejected();
}

void PushClient::Cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  if (client_) client_->Cancel();
}

}  // namespace telltale
