// SPDX-License-Identifier: Apache-2.0
//
// An HTTP client for one server that is reached through a proxy and with credentials from files.
// The files are read again when they change, so a rotated Secret needs no restart. One connection.
// Used by one thread; Cancel may come from any.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/access/access.h"
#include "common/base/clock.h"
#include "common/base/function_ref.h"
#include "common/base/mutex.h"
#include "common/net/http/http_client.h"
#include "common/net/http/token_source.h"
#include "common/net/http/url.h"
#include "common/net/tls/pem_files.h"

namespace telltale {

class AccessClient {
 public:
  using Timeout = std::chrono::milliseconds;

  // kInvalid if the URL or the proxy's URL cannot be parsed. The sentence starts with the key,
  // such as "loki.url" or "loki.proxyUrl"; `section` is its first part.
  static Status Check(const std::string& section, const std::string& url, const Access& access);

  // For a URL and an access that Check accepts. Messages name keys of `section`, such as
  // "loki.bearerTokenFile", and the server by `name`.
  AccessClient(const std::string& url, Access access, std::string section, std::string name,
               Timeout connect, Clock& clock);

  // The path of the URL without query and without slashes at its end.
  const std::string& path() const { return path_; }

  // Adds the access's own headers and Authorization to `request` and sends it. kPermission if a
  // file of credentials cannot be used; other errors are HttpClient::Send's.
  Result<HttpResponse> Send(HttpRequest request, Timeout timeout);
  // The same, with the body of a 200 given to `sink` (HttpClient::Stream).
  Result<HttpResponse> Stream(HttpRequest request, const StreamLimits& limits,
                              FunctionRef<bool(std::string_view)> sink);
  // Of the last Send or Stream.
  HttpStage stage() const { return client_ ? client_->stage() : HttpStage::kLookup; }
  std::optional<std::int64_t> certificate_expiry() const {
    return client_ ? client_->certificate_expiry() : std::nullopt;
  }
  // Closes the connection after a Send or Stream: the next one opens another.
  void Disconnect() {
    if (client_) client_->Disconnect();
  }
  // The server refused our credentials: the files are read again before the next Send.
  void Rejected();
  // Ends a Send that waits, and all later ones.
  void Cancel() EXCLUDES(mutex_);

 private:
  // The files that are used now.
  struct Files {
    TlsFiles tls;
    std::string token, username, password, proxy_username, proxy_password;
    bool operator==(const Files&) const = default;
  };
  struct Secrets {
    Secrets(Files found, const AccessClient& of);
    const Files files;
    TokenSource token, username, password, proxy_username, proxy_password;
    PemFiles pem;
  };

  Files FindFiles() const;
  void FindSecrets();
  void Invalidate();
  Status Connect() EXCLUDES(mutex_);
  Status Prepare(HttpRequest& request);
  void Answered(bool ok);
  Result<std::string> Authorization();
  Result<std::optional<HttpProxy>> Proxy();

  const Access access_;
  const std::string section_, name_;
  const Timeout connect_timeout_;
  Url server_;
  std::string path_;
  std::optional<HttpProxy> proxy_;  // as the URL says
  Clock& clock_;
  std::unique_ptr<Secrets> secrets_;
  std::optional<SteadyTime> looked_at_;  // empty: FindSecrets looks for files again
  TlsIdentity identity_;                 // that client_ was made with
  std::optional<HttpProxy> through_;     // that client_ was made with

  Mutex mutex_;
  // Replaced under mutex_ by the thread that sends, which uses it without the lock: Cancel only
  // calls HttpClient::Cancel, which is thread-safe.
  std::unique_ptr<HttpClient> client_;
  bool cancelled_ GUARDED_BY(mutex_) = false;
};

}  // namespace telltale
