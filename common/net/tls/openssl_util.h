// SPDX-License-Identifier: Apache-2.0
//
// Owners of OpenSSL objects and PEM input. Only the two OpenSSL files (tls.cc, tls_context.cc)
// include this. Thread-safe: OpenSSL's error queue is per thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <climits>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using BioPtr = std::unique_ptr<BIO, OpensslFree<BIO_free_all>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<BN_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, OpensslFree<X509_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpensslFree<X509_EXTENSION_free>>;

// Takes what OpenSSL has queued, so that it cannot be mistaken for a later call's error.
inline Error OpensslError(Code code, std::string_view doing) {
  std::string message(doing);
  const unsigned long first = ERR_get_error();
  if (first != 0) {
    char text[256];
    ERR_error_string_n(first, text, sizeof text);
    message.append(": ").append(text);
  }
  ERR_clear_error();
  return Fail(code, std::move(message));
}

inline BioPtr ReadBio(const std::string& pem) {
  const int size = pem.size() > INT_MAX ? 0 : static_cast<int>(pem.size());
  return BioPtr(BIO_new_mem_buf(pem.data(), size));
}

// Answers "no password": without it OpenSSL would ask on the terminal.
inline int NoPassword(char*, int, int, void*) { return -1; }

// Null when the PEM holds none.
inline CertificatePtr ReadCertificate(BIO* bio) {
  return CertificatePtr(PEM_read_bio_X509(bio, nullptr, &NoPassword, nullptr));
}

inline KeyPtr ReadPrivateKey(const std::string& pem) {
  return KeyPtr(PEM_read_bio_PrivateKey(ReadBio(pem).get(), nullptr, &NoPassword, nullptr));
}

inline Result<std::int64_t> ExpirySeconds(const X509* certificate) {
  std::tm broken{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &broken) != 1) {
    return OpensslError(Code::kInvalid, "reading a certificate's notAfter");
  }
  return static_cast<std::int64_t>(timegm(&broken));
}

}  // namespace telltale
