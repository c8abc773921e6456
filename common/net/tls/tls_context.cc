// SPDX-License-Identifier: Apache-2.0
#include "common/net/tls/tls_context.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "common/net/tls/openssl_util.h"

namespace telltale {
namespace {

// Where distributions keep their roots: a statically linked OpenSSL looks only into the directory
// of the machine that it was built on.
constexpr const char* kRootBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
};

Result<TlsContext> NewContext(const SSL_METHOD* method) {
  ERR_clear_error();
  TlsContext context(SSL_CTX_new(method), &SSL_CTX_free);
  if (!context) return OpensslError(Code::kInternal, "making a TLS context");
  SSL_CTX* const raw = context.get();
  if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1) {
    return OpensslError(Code::kInternal, "setting the TLS version");
  }
  SSL_CTX_set_options(raw, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // it would keep 20,000 sessions
  // Release: an idle connection gives back its two 16 KiB buffers. Partial, moving: Asio's engine
  // offers a large buffer and expects to be told how much of it went.
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                            SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(raw, &NoPassword);
  return context;
}

// Called when no further certificate could be read: an error unless the PEM ends there. Without it
// a bundle that is cut off, or has a broken certificate in it, would be trusted as far as that.
Status ExpectEnd(int number, const std::string& of) {
  const unsigned long last = ERR_peek_last_error();
  if (last == 0 || ERR_GET_REASON(last) == PEM_R_NO_START_LINE) {
    ERR_clear_error();  // the end of the PEM counts as an error
    return {};
  }
  return OpensslError(Code::kInvalid,
                      "reading certificate " + std::to_string(number) + " of " + of);
}

// The first certificate is ours, the others its chain.
Status UseKeyPair(SSL_CTX* context, const KeyPair& pair) {
  const BioPtr bio = ReadBio(pair.certificate);
  const CertificatePtr certificate = ReadCertificate(bio.get());
  if (!certificate) return OpensslError(Code::kInvalid, "reading the certificate from PEM");
  const KeyPtr key = ReadPrivateKey(pair.private_key);
  if (!key) return OpensslError(Code::kInvalid, "reading the private key from PEM");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return Fail(Code::kInvalid, "the private key does not belong to the certificate");
  }
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return OpensslError(Code::kInvalid, "using the certificate and its key");
  }
  int count = 1;
  while (CertificatePtr link = ReadCertificate(bio.get())) {
    if (SSL_CTX_add1_chain_cert(context, link.get()) != 1) {
      return OpensslError(Code::kInvalid, "using the certificate's chain");
    }
    ++count;
  }
  return ExpectEnd(count + 1, "the certificate's chain");
}

Status TrustPem(SSL_CTX* context, const std::string& pem) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  const BioPtr bio = ReadBio(pem);
  int count = 0;
  while (const CertificatePtr certificate = ReadCertificate(bio.get())) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) {
      return OpensslError(Code::kInvalid, "trusting a CA certificate");
    }
    ++count;
  }
  TELLTALE_TRY(ExpectEnd(count + 1, "the CA bundle"));
  if (count == 0) return Fail(Code::kInvalid, "the CA bundle holds no certificate in PEM");
  return {};
}

void TrustSystem(SSL_CTX* context) {
  SSL_CTX_set_default_verify_paths(context);  // also SSL_CERT_FILE and SSL_CERT_DIR
  for (const char* bundle : kRootBundles) {
    if (access(bundle, R_OK) == 0 && SSL_CTX_load_verify_file(context, bundle) == 1) break;
  }
  ERR_clear_error();
}

}  // namespace

Result<TlsContext> MakeServerTlsContext(const KeyPair& pair) {
  auto context = NewContext(TLS_server_method());
  if (context.ok()) TELLTALE_TRY(UseKeyPair(context->get(), pair));
  return context;
}

Result<TlsContext> MakeClientTlsContext(const TlsIdentity& identity, bool insecure_skip_verify) {
  auto context = NewContext(TLS_client_method());
  if (!context.ok()) return context;
  SSL_CTX* const raw = context->get();
  if (identity.certificate.empty() != identity.key.empty()) {
    return Fail(Code::kInvalid, "a client certificate and its key must be set together");
  }
  if (!identity.certificate.empty()) {
    TELLTALE_TRY(UseKeyPair(raw, {identity.certificate, identity.key}));
  }
  if (insecure_skip_verify) {
    SSL_CTX_set_verify(raw, SSL_VERIFY_NONE, nullptr);
    return context;
  }
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  if (identity.ca.empty()) {
    TrustSystem(raw);
  } else {
    TELLTALE_TRY(TrustPem(raw, identity.ca));
  }
  return context;
}

namespace {

// An address is not sent as SNI (RFC 6066 §3) and is compared with IP names only.
bool IsAddress(const std::string& host) {
  in_addr v4;
  in6_addr v6;
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 || inet_pton(AF_INET6, host.c_str(), &v6) == 1;
}

Status ExpectName(X509_VERIFY_PARAM* expected, const std::string& host) {
  if (IsAddress(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1) return {};
    return OpensslError(Code::kInternal, "expecting the address " + host);
  }
  // As every current client does: the subject's common name does not count.
  X509_VERIFY_PARAM_set_hostflags(
      expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  if (X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1) return {};
  return OpensslError(Code::kInternal, "expecting the host name " + host);
}

// SSL_set_tlsext_host_name, whose macro has a C cast in it.
bool SendName(SSL* connection, const char* host) {
  return SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host)) == 1;
}

}  // namespace

Status ExpectServer(ssl_st* connection, const std::string& host) {
  TELLTALE_TRY(ExpectName(SSL_get0_param(connection), host));
  if (IsAddress(host) || SendName(connection, host.c_str())) return {};
  return OpensslError(Code::kInternal, "naming the host " + host);
}

namespace {

int ExpiryIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

// Called while the chain is checked, for each certificate of it; its verdict stays what it is.
int NoteExpiry(int verdict, X509_STORE_CTX* check) {
  const auto* connection = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* out = static_cast<std::optional<std::int64_t>*>(SSL_get_ex_data(connection, ExpiryIndex()));
  const STACK_OF(X509)* shown = X509_STORE_CTX_get0_untrusted(check);
  for (int i = 0; i < sk_X509_num(shown); ++i) {
    const auto expiry = ExpirySeconds(sk_X509_value(shown, i));
    if (expiry.ok() && (!*out || *expiry < **out)) *out = *expiry;
  }
  return verdict;
}

}  // namespace

void WatchExpiry(ssl_st* connection, std::optional<std::int64_t>* out) {
  out->reset();
  SSL_set_ex_data(connection, ExpiryIndex(), out);
  SSL_set_verify(connection, SSL_get_verify_mode(connection), &NoteExpiry);
}

std::string CertificateProblem(const ssl_st* connection) {
  const long result = SSL_get_verify_result(connection);
  return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

void ShutdownWithoutReply(ssl_st* connection) {
  SSL_set_shutdown(connection, SSL_get_shutdown(connection) | SSL_RECEIVED_SHUTDOWN);
}

}  // namespace telltale
