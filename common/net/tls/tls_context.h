// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL contexts with our settings (TLS 1.2 and 1.3, no renegotiation, no session cache), made
// from PEM in memory, and the settings of a TLS client. Used by the Beast files and by code that
// shares a context among clients. No OpenSSL header is included here. A context is made once and
// shared by connections; thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "common/base/result.h"
#include "common/net/tls/tls.h"

struct ssl_ctx_st;  // SSL_CTX
struct ssl_st;      // SSL

namespace telltale {

using TlsContext = std::shared_ptr<ssl_ctx_st>;

// kInvalid if the PEM cannot be read or the key does not belong to the certificate.
Result<TlsContext> MakeServerTlsContext(const KeyPair& pair);
Result<TlsContext> MakeClientTlsContext(const TlsIdentity& identity,
                                        bool insecure_skip_verify = false);

struct TlsClientOptions {
  // PEM, from which the client makes a context when it first needs one; or a context that several
  // clients share.
  std::variant<TlsIdentity, TlsContext> identity = {};
  std::string server_name = {};  // empty: the host of the URL
  bool insecure_skip_verify = false;
};

// Before a client's handshake: sets SNI, and the name or address that the certificate must have.
Status ExpectServer(ssl_st* connection, const std::string& host);

// Before a client's handshake: it writes to `out`, which outlives the connection, when the first of
// the certificates that the server shows expires, in Unix seconds; also if they are refused.
void WatchExpiry(ssl_st* connection, std::optional<std::int64_t>* out);

// Why a client's handshake failed, if the certificate was the reason; else empty.
std::string CertificateProblem(const ssl_st* connection);

// Makes the coming shutdown send our close_notify without waiting for the peer's.
void ShutdownWithoutReply(ssl_st* connection);

}  // namespace telltale
