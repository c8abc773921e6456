// SPDX-License-Identifier: Apache-2.0
//
// Certificates: what the webhook's own authority needs, and what a client connects with. The
// implementation is the fence of OpenSSL. Functions are thread-safe and do no network IO.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace telltale {

// PEM of a certificate (chain) and its private key.
struct KeyPair {
  std::string certificate;
  std::string private_key;
};

// A self-signed ECDSA P-256 authority; not_before is backdated by an hour for skewed clocks.
Result<KeyPair> MakeAuthority(const std::string& common_name, std::int64_t now_seconds,
                              std::int64_t lifetime_seconds);

// A server certificate for these DNS names, signed by `authority`.
Result<KeyPair> MakeServerCertificate(const KeyPair& authority,
                                      const std::vector<std::string>& dns_names,
                                      std::int64_t now_seconds, std::int64_t lifetime_seconds);

// Unix seconds of notAfter of the first certificate in the PEM.
Result<std::int64_t> CertificateExpiry(const std::string& pem);

// True when the key belongs to the certificate.
bool KeyMatches(const KeyPair& pair);

// What a client connects with, as PEM.
struct TlsIdentity {
  std::string ca = {};                     // empty: the system's authorities
  std::string certificate = {}, key = {};  // both or none
  bool operator==(const TlsIdentity&) const = default;
};

}  // namespace telltale
