// SPDX-License-Identifier: Apache-2.0
#include "common/access/access_client.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/base/strings.h"

namespace telltale {
namespace {

constexpr std::chrono::minutes kLookAgain{1};

Url UrlOrNone(const std::string& text) {
  auto url = ParseUrl(text);
  return url ? *url : Url{};
}

std::string PathOf(std::string_view target) {
  target = target.substr(0, target.find('?'));
  while (target.ends_with('/')) target.remove_suffix(1);
  return std::string(target);
}

Error NoCredentials(Error error) {
  error.code = Code::kPermission;
  return error;
}

// The key that a file comes from: its own, or the folder of all.
std::string KeyOf(const std::string& section, const std::string& file, const char* key) {
  return section + "." + (file.empty() ? "credentials" : key);
}

// Puts the key in front of an error that is about one of the files for TLS.
Error NameTlsKey(Error error, const std::string& section, const Access& access) {
  const TlsFiles& files = access.tls_files;
  std::string key = access.credentials.empty() ? "tls" : "credentials";
  for (const auto& [name, file] :
       {std::pair("tls.caFile", &files.ca), std::pair("tls.certFile", &files.certificate),
        std::pair("tls.keyFile", &files.key)}) {
    if (!file->empty() && error.message.find(*file) != std::string::npos) key = name;
  }
  return Context(section + "." + key, error);
}

}  // namespace

Status AccessClient::Check(const std::string& section, const std::string& url,
                           const Access& access) {
  if (auto parsed = ParseUrl(url); !parsed) return Context(section + ".url", parsed.error());
  if (access.proxy_url.empty()) return {};
  auto proxy = ParseHttpProxy(access.proxy_url);
  if (!proxy) return Context(section + ".proxyUrl", proxy.error());
  return {};
}

AccessClient::AccessClient(const std::string& url, Access access, std::string section,
                           std::string name, Timeout connect, Clock& clock)
    : access_(std::move(access)),
      section_(std::move(section)),
      name_(std::move(name)),
      connect_timeout_(connect),
      server_(UrlOrNone(url)),
      path_(PathOf(server_.target)),
      clock_(clock) {
  if (access_.proxy_url.empty()) return;
  if (auto proxy = ParseHttpProxy(access_.proxy_url)) proxy_ = std::move(*proxy);
}

AccessClient::Secrets::Secrets(Files found, const AccessClient& of)
    : files(std::move(found)),
      token("", files.token, of.clock_,
            KeyOf(of.section_, of.access_.bearer_token_file, "bearerTokenFile")),
      username("", files.username, of.clock_,
               KeyOf(of.section_, of.access_.username_file, "basicAuth.usernameFile"),
               TokenSource::Form::kPassword),
      password("", files.password, of.clock_,
               KeyOf(of.section_, of.access_.password_file, "basicAuth.passwordFile"),
               TokenSource::Form::kPassword),
      proxy_username("", files.proxy_username, of.clock_, of.section_ + ".proxyAuth.usernameFile",
                     TokenSource::Form::kPassword),
      proxy_password("", files.proxy_password, of.clock_, of.section_ + ".proxyAuth.passwordFile",
                     TokenSource::Form::kPassword),
      pem(files.tls, std::nullopt, of.name_, {}, of.clock_) {}

AccessClient::Files AccessClient::FindFiles() const {
  Files files{access_.tls_files,     access_.bearer_token_file,   access_.username_file,
              access_.password_file, access_.proxy_username_file, access_.proxy_password_file};
  if (access_.credentials.empty()) return files;
  const auto there = [&](const char* file) {
    std::string path = access_.credentials + "/" + file;
    return ::access(path.c_str(), R_OK) == 0 ? path : std::string();
  };
  if (files.tls.ca.empty() && !access_.insecure_skip_verify) files.tls.ca = there("ca.crt");
  if (files.tls.certificate.empty() && !there("tls.crt").empty() && !there("tls.key").empty()) {
    files.tls.certificate = there("tls.crt");
    files.tls.key = there("tls.key");
  }
  if (files.password.empty() && files.token.empty()) files.token = there("token");
  if (files.password.empty() && files.token.empty()) {
    files.password = there("password");
    if (access_.username.empty()) files.username = there("username");
  }
  return files;
}

// Files come and go with their Secret, so we look again every kLookAgain.
void AccessClient::FindSecrets() {
  const SteadyTime now = clock_.Steady();
  if (looked_at_ && now - *looked_at_ < kLookAgain) return;
  looked_at_ = now;
  Files files = FindFiles();
  if (!secrets_ || files != secrets_->files) {
    secrets_ = std::make_unique<Secrets>(std::move(files), *this);
  }
}

// Makes the client, and a new one when the content of a file has changed.
Status AccessClient::Connect() {
  FindSecrets();
  TlsIdentity identity;
  if (server_.tls) {
    auto files = secrets_->pem.Get();
    if (!files) return NoCredentials(NameTlsKey(files.error(), section_, access_));
    identity = std::move(*files);
  }
  auto proxy = Proxy();
  if (!proxy) return NoCredentials(proxy.error());
  if (client_ && identity == identity_ && *proxy == through_) return {};
  HttpClientOptions options;
  options.server = server_;
  options.tls = {identity, access_.server_name, access_.insecure_skip_verify};
  options.proxy = *proxy;
  options.connect_timeout = std::min(options.connect_timeout, connect_timeout_);
  options.user_agent = access_.user_agent;
  MutexLock lock(mutex_);
  client_ = std::make_unique<HttpClient>(std::move(options));
  identity_ = std::move(identity);
  through_ = std::move(*proxy);
  if (cancelled_) client_->Cancel();
  return {};
}

Result<std::string> AccessClient::Authorization() {
  if (!secrets_->files.token.empty()) {
    auto token = secrets_->token.Get();
    if (!token) return token.error();
    return "Bearer " + *token;
  }
  if (secrets_->files.password.empty()) return std::string();
  std::string username = access_.username;
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
Result<std::optional<HttpProxy>> AccessClient::Proxy() {
  std::optional<HttpProxy> proxy = proxy_;
  if (!proxy || secrets_->files.proxy_password.empty()) return proxy;
  proxy->username = access_.proxy_username;
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

Status AccessClient::Prepare(HttpRequest& request) {
  TELLTALE_TRY(Connect());
  request.headers.insert(request.headers.begin(), access_.headers.begin(), access_.headers.end());
  auto authorization = Authorization();
  if (!authorization) return NoCredentials(authorization.error());
  if (!authorization->empty()) request.headers.emplace_back("Authorization", *authorization);
  return {};
}

void AccessClient::Answered(bool ok) {
  // The server's certificate may have been renewed: our CA file may hold the new one already.
  if (!ok && client_->stage() == HttpStage::kTls) Invalidate();
  // The proxy refused CONNECT; the credentials may be wrong. Without CONNECT it answers 407.
  if (!ok && client_->stage() == HttpStage::kProxy) Rejected();
}

Result<HttpResponse> AccessClient::Send(HttpRequest request, Timeout timeout) {
  TELLTALE_TRY(Prepare(request));
  auto response = client_->Send(request, timeout);
  Answered(response.ok());
  return response;
}

Result<HttpResponse> AccessClient::Stream(HttpRequest request, const StreamLimits& limits,
                                          FunctionRef<bool(std::string_view)> sink) {
  TELLTALE_TRY(Prepare(request));
  auto response = client_->Stream(request, limits, sink);
  Answered(response.ok());
  return response;
}

void AccessClient::Invalidate() {
  looked_at_.reset();
  if (secrets_) secrets_->pem.Invalidate();
}

void AccessClient::Rejected() {
  Invalidate();
  if (!secrets_) return;
  secrets_->token.Rejected();
  secrets_->username.Rejected();
  secrets_->password.Rejected();
  secrets_->proxy_username.Rejected();
  secrets_->proxy_password.Rejected();
}

void AccessClient::Cancel() {
  MutexLock lock(mutex_);
  cancelled_ = true;
  if (client_) client_->Cancel();
}

}  // namespace telltale
