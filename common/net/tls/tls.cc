// SPDX-License-Identifier: Apache-2.0
#include "common/net/tls/tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <ctime>
#include <string_view>
#include <utility>

#include "common/net/tls/openssl_util.h"

namespace telltale {
namespace {

constexpr std::int64_t kBackdateSeconds = 3600;
constexpr std::size_t kMaxCommonName = 64;  // X.520 ub-common-name; OpenSSL refuses longer ones
constexpr int kSerialBits = 127;            // positive in 16 bytes; RFC 5280 allows 20

Result<std::string> Drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  if (size <= 0) return OpensslError(Code::kInternal, "writing PEM");
  return std::string(data, static_cast<std::size_t>(size));
}

Result<KeyPair> ToPem(X509* certificate, EVP_PKEY* key) {
  const BioPtr certificate_bio(BIO_new(BIO_s_mem()));
  const BioPtr key_bio(BIO_new(BIO_s_mem()));
  if (!certificate_bio || !key_bio || PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpensslError(Code::kInternal, "writing a certificate as PEM");
  }
  auto certificate_pem = Drain(certificate_bio.get());
  if (!certificate_pem.ok()) return certificate_pem.error();
  auto key_pem = Drain(key_bio.get());
  if (!key_pem.ok()) return key_pem.error();
  return KeyPair{*std::move(certificate_pem), *std::move(key_pem)};
}

bool SetRandomSerial(X509* certificate) {
  const BignumPtr serial(BN_new());
  return serial && BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ODD) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool SetValidity(X509* certificate, std::int64_t from, std::int64_t until) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<std::time_t>(from)) &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<std::time_t>(until));
}

bool SetCommonName(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// What both kinds have in common: version 3, serial, validity, key. The caller adds names.
CertificatePtr NewCertificate(EVP_PKEY* key, std::int64_t from, std::int64_t until) {
  CertificatePtr certificate(X509_new());
  if (!certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      !SetRandomSerial(certificate.get()) || !SetValidity(certificate.get(), from, until) ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return nullptr;
  }
  return certificate;
}

// "DNS:a,DNS:b,IP:1.2.3.4". The text goes into a small language of OpenSSL's, so that a name with
// a comma would add names of its own choice: only characters of host names pass.
Result<std::string> AlternativeNames(const std::vector<std::string>& names) {
  if (names.empty()) return Fail(Code::kInvalid, "a server certificate needs at least one name");
  std::string out;
  for (const std::string& name : names) {
    in_addr v4;
    in6_addr v6;
    const bool is_ip =
        inet_pton(AF_INET, name.c_str(), &v4) == 1 || inet_pton(AF_INET6, name.c_str(), &v6) == 1;
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '.' || c == '*' || c == '_';
    });
    if (!is_ip && !is_name) {
      return Fail(Code::kInvalid, "\"" + name + "\" cannot be a name in a server certificate");
    }
    if (!out.empty()) out.push_back(',');
    out.append(is_ip ? "IP:" : "DNS:").append(name);
  }
  return out;
}

}  // namespace

Result<KeyPair> MakeAuthority(const std::string& common_name, std::int64_t now_seconds,
                              std::int64_t lifetime_seconds) {
  if (common_name.empty() || common_name.size() > kMaxCommonName) {
    return Fail(Code::kInvalid, "an authority's common name has 1 to 64 bytes");
  }
  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return OpensslError(Code::kInternal, "making a P-256 key");
  const CertificatePtr certificate =
      NewCertificate(key.get(), now_seconds - kBackdateSeconds, now_seconds + lifetime_seconds);
  if (!certificate) return OpensslError(Code::kInternal, "making a certificate");
  X509* const raw = certificate.get();
  X509_NAME* const name = X509_get_subject_name(raw);
  // The subject key identifier comes before the authority's, which is made from it.
  if (!SetCommonName(name, common_name) || X509_set_issuer_name(raw, name) != 1 ||
      !AddExtension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !AddExtension(raw, raw, NID_subject_key_identifier, "hash") ||
      !AddExtension(raw, raw, NID_authority_key_identifier, "keyid:always") ||
      X509_sign(raw, key.get(), EVP_sha256()) <= 0) {
    return OpensslError(Code::kInternal, "signing the authority's certificate");
  }
  return ToPem(raw, key.get());
}

Result<KeyPair> MakeServerCertificate(const KeyPair& authority,
                                      const std::vector<std::string>& dns_names,
                                      std::int64_t now_seconds, std::int64_t lifetime_seconds) {
  const auto names = AlternativeNames(dns_names);
  if (!names.ok()) return names.error();
  if (!KeyMatches(authority)) {
    return Fail(Code::kInvalid, "the authority's key does not belong to its certificate");
  }
  const CertificatePtr issuer = ReadCertificate(ReadBio(authority.certificate).get());
  const KeyPtr issuer_key = ReadPrivateKey(authority.private_key);
  const auto issuer_expiry = ExpirySeconds(issuer.get());
  if (!issuer_expiry.ok()) return issuer_expiry.error();

  const KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (!key) return OpensslError(Code::kInternal, "making a P-256 key");
  // Beyond the authority's end no client would accept it; a true expiry is renewed in time.
  const std::int64_t until = std::min(now_seconds + lifetime_seconds, *issuer_expiry);
  const CertificatePtr certificate =
      NewCertificate(key.get(), now_seconds - kBackdateSeconds, until);
  if (!certificate) return OpensslError(Code::kInternal, "making a certificate");
  X509* const raw = certificate.get();
  const std::string& first = dns_names.front();
  if (!SetCommonName(X509_get_subject_name(raw),
                     first.size() <= kMaxCommonName ? first : "telltale") ||
      X509_set_issuer_name(raw, X509_get_subject_name(issuer.get())) != 1 ||
      !AddExtension(raw, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !AddExtension(raw, issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !AddExtension(raw, issuer.get(), NID_ext_key_usage, "serverAuth") ||
      !AddExtension(raw, issuer.get(), NID_subject_key_identifier, "hash") ||
      !AddExtension(raw, issuer.get(), NID_authority_key_identifier, "keyid:always") ||
      !AddExtension(raw, issuer.get(), NID_subject_alt_name, *names) ||
      X509_sign(raw, issuer_key.get(), EVP_sha256()) <= 0) {
    return OpensslError(Code::kInternal, "signing a server certificate");
  }
  return ToPem(raw, key.get());
}

Result<std::int64_t> CertificateExpiry(const std::string& pem) {
  const CertificatePtr certificate = ReadCertificate(ReadBio(pem).get());
  if (!certificate) return OpensslError(Code::kInvalid, "reading a certificate from PEM");
  return ExpirySeconds(certificate.get());
}

bool KeyMatches(const KeyPair& pair) {
  const CertificatePtr certificate = ReadCertificate(ReadBio(pair.certificate).get());
  const KeyPtr key = ReadPrivateKey(pair.private_key);
  const bool matches =
      certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return matches;
}

}  // namespace telltale
