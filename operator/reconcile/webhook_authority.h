// SPDX-License-Identifier: Apache-2.0
//
// WebhookAuthority: the certificate authority of the injection webhook. The leader keeps the CA in
// a Secret that it makes itself and publishes it into the webhook configuration; every replica
// reads the Secret and serves with a short-lived leaf of its own, held in memory. So neither a hook
// Job nor cert-manager is needed, and nothing waits for a mounted file to change.
//
// Rotation: a new CA is published beside the old one before any replica uses a leaf of it. Each
// replica looks for itself whether the published bundle has the CA, and one that serves already
// changes over a round after it first saw that, so that the API servers have heard of it too. A
// process that dies between the two steps leaves the others with leaves that are still trusted.
//
// Threads: Run, or EnsureOnce, belongs to one thread; Changed and Stop are for any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/tls/tls.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/api.h"
#include "operator/reconcile/prometheus/trigger.h"

namespace telltale {

struct AuthorityOptions {
  std::string ns;             // of the Secret and of the webhook's Service
  std::string service_name;   // the certificate is for <service>.<ns>.svc
  std::string configuration;  // name of the MutatingWebhookConfiguration
  std::string webhook_name = "inject.telltale.dev";
  // The element of ownerReferences of the Secret, or "".
  std::function<std::string()> owner = {};
  // Of writes that need not lead: a configuration that was made anew has no caBundle, and every
  // replica would write the same into it. Null: they wait for the leader.
  Api* open_api = nullptr;
};

class WebhookAuthority {
 public:
  // `use_leaf` is called on the authority's thread with each new certificate of the server.
  // `may_write` says whether this replica leads; empty: always.
  WebhookAuthority(AuthorityOptions options, Api& api,
                   std::function<Status(const KeyPair&)> use_leaf, Registry& registry,
                   Clock& clock = RealClock(), std::function<bool()> may_write = {});

  void Run();
  void Stop() { trigger_.Stop(); }
  // A term began: looks at once.
  void Changed() { trigger_.Fire(); }
  // One round towards: CA stored, caBundle published, leaf in use. What this replica may not do
  // itself and waits for is no error.
  Status EnsureOnce();
  // The time until the next round: short while something is being waited for.
  std::chrono::milliseconds NextRound() const;

 private:
  struct StoredAuthority {
    KeyPair current;
    std::string previous_certificate;  // still trusted after a rotation; may be empty
  };
  enum class Published { kNo, kJustNow, kBefore };

  Status Round();
  // Nothing: there is none, and it is not ours to make.
  Result<std::optional<StoredAuthority>> LoadOrMakeAuthority();
  Result<StoredAuthority> Read();
  Status Store(const StoredAuthority& authority);
  Result<Published> PublishBundle(const StoredAuthority& authority);
  Status WriteBundle(Api& api, const std::string& bundle);
  Status RenewLeaf(const StoredAuthority& authority, Published published);
  Status MintLeaf(const StoredAuthority& authority);
  bool MayWrite() const { return !may_write_ || may_write_(); }
  std::int64_t NowSeconds() const { return clock_.WallNanos() / 1'000'000'000; }

  const AuthorityOptions options_;
  Api& api_;
  std::function<Status(const KeyPair&)> use_leaf_;
  Clock& clock_;
  const std::function<bool()> may_write_;
  Trigger trigger_;
  JsonParser parser_;
  std::string leaf_authority_;  // certificate of the CA that signed the leaf in use
  std::int64_t leaf_renewal_ = 0;
  std::int64_t leaf_expiry_ = 0;
  bool waiting_ = false;  // the last round left something to be done
  bool failed_ = false;
  Gauge& expiry_;
};

}  // namespace telltale
