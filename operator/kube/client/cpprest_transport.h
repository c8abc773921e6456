// SPDX-License-Identifier: Apache-2.0
//
// HttpTransport over cpprestsdk: HTTP/1.1, TLS with the CA and credentials of a KubeConfig. The
// .cc is the only file that includes cpprestsdk (docs/decisions: why it is behind a seam). The
// bodies of streams are pushed through a stream buffer of our own, because the library's default
// one has no bound and no back-pressure. Thread-safe.
#pragma once

#include <memory>

#include "operator/kube/client/transport.h"
#include "operator/kube/config/kube_config.h"

namespace telltale {

Result<std::unique_ptr<HttpTransport>> MakeCpprestTransport(KubeConfig config);

}  // namespace telltale
