// SPDX-License-Identifier: Apache-2.0
//
// The way to one Loki: its URL, the proxy, and who we are there, from files that are read again
// when they change. One connection. Owned by Sender and used on its thread; Cancel comes from any.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/net/http/http_client.h"
#include "common/net/http/token_source.h"
#include "common/net/http/url.h"
#include "common/net/tls/pem_files.h"
#include "sidecar/loki/push_body.h"
#include "sidecar/loki/push_target.h"

namespace telltale {

class PushClient {
 public:
  // kInvalid when the URL or the proxy's is none, in a sentence that names the key.
  static Status Check(const PushTarget& target);

  // Of a target that Check likes.
  PushClient(PushTarget target, Clock& clock);

  // kPermission when a file of credentials cannot be used; else as HttpClient::Send.
  Result<HttpResponse> Push(const PushBody& body);
  // Loki did not like our credentials: the files are read again.
  void Rejected();
  void Cancel();

 private:
  // Which files there are, of those that may be.
  struct Files {
    TlsFiles tls;
    std::string token, username, password, proxy_username, proxy_password;
    bool operator==(const Files&) const = default;
  };
  struct Secrets {
    Secrets(Files found, const PushAccess& access, Clock& clock);
    const Files files;
    TokenSource token, username, password, proxy_username, proxy_password;
    PemFiles pem;
  };

  Files FindFiles() const;
  void Look();
  void Invalidate();
  Status Connect();
  Result<HttpRequest> Request(const PushBody& body);
  Result<std::string> Authorization();
  Result<std::optional<HttpProxy>> Proxy();

  const PushTarget target_;
  Url server_;
  std::string path_;
  std::optional<HttpProxy> proxy_;  // as the URL says
  Clock& clock_;
  std::unique_ptr<Secrets> secrets_;
  std::optional<SteadyTime> looked_at_;  // empty: look before the next push
  TlsIdentity identity_;                 // that client_ was made with, as the next
  std::optional<HttpProxy> through_;

  std::mutex mutex_;
  std::unique_ptr<HttpClient> client_;  // replaced under mutex_, by the thread; used without
  bool cancelled_ = false;              // guarded by mutex_
};

}  // namespace telltale
