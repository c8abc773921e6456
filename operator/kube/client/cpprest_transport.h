// SPDX-License-Identifier: Apache-2.0
//
// HttpTransport over cpprestsdk: HTTP/1.1, TLS with the CA and credentials of a KubeConfig. The
// .cc and cpprest_body.h are the only files that include cpprestsdk (docs/decisions: why it is
// behind a seam). The bodies of streams are pushed through a stream buffer of our own, because the
// library's default one has no bound and no back-pressure. Thread-safe.
//
// Each transport has connections, credentials and an end (Cancel) of its own, so that a slow list
// cannot lose the lease; one may be made and destroyed for each term of a leader. Credentials are
// followed while it lives (config/credentials.h); a request that has to run a credential plugin
// first may take longer than its timeout.
//
// The library sends a request again, also a POST, when a kept connection turns out to be closed
// before any of the answer came: writes must be such that twice is as good as once (see Api).
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

// kInvalid when the address or the certificates cannot be used.
Result<std::unique_ptr<HttpTransport>> MakeCpprestTransport(KubeConfig config,
                                                            const TransportOptions& options = {});

}  // namespace telltale
