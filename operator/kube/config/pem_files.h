// SPDX-License-Identifier: Apache-2.0
//
// The authority and the client certificate of a kubeconfig or service account, followed while the
// operator runs: files are read again now and then and when a connection failed, so that every new
// connection uses what they hold now. Content that cannot be used (half written, empty, a key of
// another certificate) keeps the old; that is logged once and counted. Used by Credentials.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "operator/kube/config/kube_config.h"

namespace telltale {

// What a connection is made with, as PEM; empty: the system's authorities, no client certificate.
struct TlsIdentity {
  std::string ca, certificate, key;
  bool operator==(const TlsIdentity&) const = default;
};

// kInvalid, in a sentence, when a connection could not be made with it.
Status CheckTlsIdentity(const TlsIdentity& identity);

class PemFiles {
 public:
  // `bad` is called for each kept-out content.
  explicit PemFiles(const KubeConfig& config, std::function<void()> bad = {},
                    Clock& clock = RealClock());

  TlsIdentity Get();
  // A connection failed: the files are read again before the next one.
  void Doubt();

 private:
  void ReadAgain();

  const std::string ca_file_, certificate_file_, key_file_;
  const std::function<void()> bad_;
  Clock& clock_;
  std::mutex mutex_;
  TlsIdentity identity_;               // guarded by mutex_
  std::optional<SteadyTime> read_at_;  // guarded by mutex_; empty: read before the next use
  std::string complaint_;              // guarded by mutex_; the last that was logged
};

}  // namespace telltale
