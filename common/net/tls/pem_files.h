// SPDX-License-Identifier: Apache-2.0
//
// The authority and the client certificate that a client connects with, followed while it runs:
// files are read again now and then and when a connection failed, so that every new connection uses
// what they hold now. Content that cannot be used (half written, empty, a key of another
// certificate) keeps the old; that is logged once and counted. Used by the operator's Credentials
// and by the sidecar's pushes. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "common/net/tls/tls.h"

namespace telltale {

// kInvalid, in a sentence about `server`, when a connection could not be made with it.
Status CheckTlsIdentity(const TlsIdentity& identity, const std::string& server = "the API server");

// Where it comes from; empty: from nowhere.
struct TlsFiles {
  std::string ca, certificate, key;
  bool operator==(const TlsFiles&) const = default;
};

class PemFiles {
 public:
  // `known` is what the files held at start, or nothing. `bad` is called for each kept-out content.
  PemFiles(TlsFiles files, std::optional<TlsIdentity> known, std::string server,
           std::function<void()> bad = {}, Clock& clock = RealClock());

  // An error only as long as the files never held anything of use.
  Result<TlsIdentity> Get();
  // A connection failed: the files are read again before the next one.
  void Invalidate();

 private:
  Status ReadAgain() REQUIRES(mutex_);

  const TlsFiles files_;
  const std::string server_;
  const std::function<void()> bad_;
  Clock& clock_;
  Mutex mutex_;
  bool known_ GUARDED_BY(mutex_);  // identity_ can be used
  TlsIdentity identity_ GUARDED_BY(mutex_);
  std::optional<SteadyTime> read_at_ GUARDED_BY(mutex_);  // empty: read before the next use
  std::string complaint_ GUARDED_BY(mutex_);              // the last that was logged
};

}  // namespace telltale
