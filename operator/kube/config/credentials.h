// SPDX-License-Identifier: Apache-2.0
//
// Who we are to the API server at this moment, from all that a KubeConfig can say: token, token
// file, basic authentication, client certificate, credential plugin. Used by the transport for each
// request. Thread-safe; Get may run a plugin and so take long.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/http/token_source.h"
#include "common/net/tls/pem_files.h"
#include "operator/kube/config/exec_source.h"
#include "operator/kube/config/kube_config.h"

namespace telltale {

struct Identity {
  std::string authorization;               // the header's value; empty: none
  std::shared_ptr<const TlsIdentity> tls;  // the same pointer as long as it holds the same
  ExecSource::Given given;                 // what the plugin gave, if there is one
};

class Credentials {
 public:
  // `bad_files` is called when a file on disk cannot be used and the old content is kept.
  explicit Credentials(const KubeConfig& config, std::function<void()> bad_files = {},
                       Clock& clock = RealClock());

  Result<Identity> Get();
  // The server answered 401 to a request with it.
  void Rejected(const Identity& identity);
  // A connection could not be made: certificates are read again before the next one.
  void Doubt() { pem_files_.Invalidate(); }
  // A plugin under way is killed; none is run any more.
  void Cancel();

 private:
  std::shared_ptr<const TlsIdentity> Share(TlsIdentity identity);

  const std::string basic_;  // "Basic ...", or empty
  TokenSource token_;
  PemFiles pem_files_;
  std::optional<ExecSource> exec_;
  Mutex mutex_;
  std::shared_ptr<const TlsIdentity> tls_ GUARDED_BY(mutex_);
};

}  // namespace telltale
