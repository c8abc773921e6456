// SPDX-License-Identifier: Apache-2.0
//
// WebhookAuthority: the certificate authority of the injection webhook. It keeps the CA in a
// Secret that it makes itself, holds a short-lived leaf in memory, and publishes the CA into the
// webhook configuration, so that neither a hook Job nor cert-manager is needed and nothing waits
// for a mounted file to change. A new CA is published beside the old one before a leaf of it is
// used. One thread runs Run().
#pragma once

#include <functional>
#include <string>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "common/net/tls.h"
#include "common/text/json_reader.h"
#include "operator/kube/client/api.h"
#include "operator/reconcile/trigger.h"

namespace telltale {

struct AuthorityOptions {
  std::string ns;             // of the Secret and of the webhook's Service
  std::string service_name;   // the certificate is for <service>.<ns>.svc
  std::string configuration;  // name of the MutatingWebhookConfiguration
  std::string webhook_name = "inject.telltale.dev";
};

class WebhookAuthority {
 public:
  // `use_leaf` is called on the authority's thread with each new certificate of the server.
  WebhookAuthority(AuthorityOptions options, Api& api,
                   std::function<Status(const KeyPair&)> use_leaf, Registry& registry,
                   Clock& clock = RealClock());

  void Run();
  void Stop() { trigger_.Stop(); }
  // Everything in place and current: CA stored, caBundle published, leaf in use.
  Status EnsureOnce();

 private:
  struct StoredAuthority {
    KeyPair current;
    std::string previous_certificate;  // still trusted after a rotation; may be empty
  };
  Result<StoredAuthority> LoadOrMakeAuthority();
  Result<StoredAuthority> Read();
  Status Store(const StoredAuthority& authority);
  Status PublishBundle(const std::string& bundle);
  Status RenewLeaf(const StoredAuthority& authority);
  std::int64_t NowSeconds() const { return clock_.WallNanos() / 1'000'000'000; }

  const AuthorityOptions options_;
  Api& api_;
  std::function<Status(const KeyPair&)> use_leaf_;
  Clock& clock_;
  Trigger trigger_;
  JsonParser parser_;
  std::string leaf_authority_;  // certificate of the CA that signed the leaf in use
  std::int64_t leaf_renewal_ = 0;
  Gauge& expiry_;
};

}  // namespace telltale
