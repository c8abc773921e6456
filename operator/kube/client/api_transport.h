// SPDX-License-Identifier: Apache-2.0
//
// HttpTransport over HttpClient (common/net): HTTP/1.1, TLS with the CA and credentials of a
// KubeConfig, directly or through its proxy. Thread-safe: each call under way has a connection of
// its own; those without a call are kept for the next one.
//
// Each transport has connections, credentials and an end (Cancel) of its own, so that a slow list
// cannot lose the lease; one may be made and destroyed for each term of a leader. Credentials are
// followed while it lives (config/credentials.h); a request that has to run a credential plugin
// first may take longer than its timeout.
//
// A request, also a POST, is sent again when a kept connection turns out to be closed before any of
// the answer came: writes must be such that twice is as good as once (see Api).
#pragma once

#include <memory>

#include "common/base/clock.h"
#include "common/metrics/registry.h"
#include "operator/kube/client/transport.h"
#include "operator/kube/config/kube_config.h"

namespace telltale {

struct TransportOptions {
  Registry* metrics = nullptr;  // outlives the transport
  Clock& clock = RealClock();   // how old what was read is; requests are timed by the real one
};

// kInvalid when the certificates cannot be used.
Result<std::unique_ptr<HttpTransport>> MakeApiTransport(KubeConfig config,
                                                        const TransportOptions& options = {});

}  // namespace telltale
