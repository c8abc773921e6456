// SPDX-License-Identifier: Apache-2.0
#include "common/net/tls/tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "common/net/tls/tls_context.h"

namespace telltale {
namespace {

constexpr std::int64_t kNow = 1'790'000'000;
constexpr std::int64_t kYear = 365 * 86'400;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate Parse(const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate result(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), &X509_free);
  BIO_free(bio);
  return result;
}

// What `openssl x509 -text` prints.
std::string Text(X509* certificate) {
  BIO* const bio = BIO_new(BIO_s_mem());
  X509_print(bio, certificate);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TlsTest, AnAuthorityIsAP256CaThatSignsNoOtherAuthority) {
  const auto authority = MakeAuthority("telltale webhook CA", kNow, kYear);
  ASSERT_TRUE(authority.ok());
  const std::string text = Text(Parse(authority->certificate).get());
  EXPECT_TRUE(Has(text, "Version: 3")) << text;
  EXPECT_TRUE(Has(text, "Subject: CN=telltale webhook CA"));
  EXPECT_TRUE(Has(text, "NIST CURVE: P-256"));
  EXPECT_TRUE(Has(text, "X509v3 Basic Constraints: critical"));
  EXPECT_TRUE(Has(text, "CA:TRUE, pathlen:0"));
  EXPECT_TRUE(Has(text, "X509v3 Key Usage: critical"));
  EXPECT_TRUE(Has(text, "Certificate Sign, CRL Sign"));
  EXPECT_TRUE(Has(text, "X509v3 Subject Key Identifier"));
  EXPECT_TRUE(Has(text, "X509v3 Authority Key Identifier"));
  EXPECT_TRUE(KeyMatches(*authority));
}

TEST(TlsTest, AServerCertificateHasItsNamesAndIsSignedByTheAuthority) {
  const auto authority = MakeAuthority("ca", kNow, kYear);
  const auto pair = MakeServerCertificate(
      *authority, {"telltale-operator.telltale.svc", "localhost", "127.0.0.1"}, kNow, 86'400);
  ASSERT_TRUE(pair.ok()) << pair.error().message;
  const Certificate certificate = Parse(pair->certificate);
  const std::string text = Text(certificate.get());
  EXPECT_TRUE(Has(text, "DNS:telltale-operator.telltale.svc, DNS:localhost, IP Address:127.0.0.1"))
      << text;
  EXPECT_TRUE(Has(text, "CA:FALSE"));
  EXPECT_TRUE(Has(text, "Digital Signature"));
  EXPECT_TRUE(Has(text, "TLS Web Server Authentication"));
  EXPECT_TRUE(Has(text, "Issuer: CN=ca"));
  const Certificate issuer = Parse(authority->certificate);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(issuer.get())), 1);
  EXPECT_EQ(X509_check_issued(issuer.get(), certificate.get()), X509_V_OK);
}

TEST(TlsTest, ExpiryIsNowPlusLifetimeAndTheStartIsAnHourAgo) {
  const auto authority = MakeAuthority("ca", kNow, kYear);
  EXPECT_EQ(*CertificateExpiry(authority->certificate), kNow + kYear);
  const Certificate certificate = Parse(authority->certificate);
  std::time_t start = kNow - 3600;
  EXPECT_EQ(ASN1_TIME_cmp_time_t(X509_get0_notBefore(certificate.get()), start), 0);
}

TEST(TlsTest, AServerCertificateEndsNotAfterItsAuthority) {
  const auto authority = MakeAuthority("ca", kNow, 1000);
  const auto pair = MakeServerCertificate(*authority, {"a"}, kNow, kYear);
  EXPECT_EQ(*CertificateExpiry(pair->certificate), kNow + 1000);
}

TEST(TlsTest, SerialNumbersAndKeysAreNeverTheSame) {
  const auto authority = MakeAuthority("ca", kNow, kYear);
  const auto one = MakeServerCertificate(*authority, {"a"}, kNow, kYear);
  const auto two = MakeServerCertificate(*authority, {"a"}, kNow, kYear);
  EXPECT_NE(ASN1_INTEGER_cmp(X509_get0_serialNumber(Parse(one->certificate).get()),
                             X509_get0_serialNumber(Parse(two->certificate).get())),
            0);
  EXPECT_NE(one->private_key, two->private_key);
  EXPECT_FALSE(KeyMatches({one->certificate, two->private_key}));
  EXPECT_TRUE(KeyMatches({two->certificate, two->private_key}));
}

TEST(TlsTest, ANameCannotAddOtherNames) {
  const auto authority = MakeAuthority("ca", kNow, kYear);
  for (const char* name : {"a,DNS:evil", "a\nDNS:evil", "", "a b", "email:x", "@section"}) {
    EXPECT_FALSE(MakeServerCertificate(*authority, {name}, kNow, kYear).ok()) << name;
  }
  EXPECT_FALSE(MakeServerCertificate(*authority, {}, kNow, kYear).ok());
}

TEST(TlsTest, ALongServiceNameFitsAlthoughACommonNameWouldNot) {
  const auto authority = MakeAuthority("ca", kNow, kYear);
  const std::string name = std::string(63, 'a') + "." + std::string(63, 'b') + ".svc";
  const auto pair = MakeServerCertificate(*authority, {name}, kNow, kYear);
  ASSERT_TRUE(pair.ok());
  EXPECT_TRUE(Has(Text(Parse(pair->certificate).get()), "DNS:" + name));
}

TEST(TlsTest, WhatIsNotPemIsRefused) {
  EXPECT_FALSE(CertificateExpiry("").ok());
  EXPECT_FALSE(CertificateExpiry("-----BEGIN CERTIFICATE-----\nxx\n").ok());
  EXPECT_FALSE(KeyMatches({}));
  const auto authority = MakeAuthority("ca", kNow, kYear);
  EXPECT_FALSE(KeyMatches({authority->certificate, "x"}));
  EXPECT_FALSE(MakeServerCertificate({authority->certificate, "x"}, {"a"}, kNow, kYear).ok());
  EXPECT_FALSE(MakeAuthority("", kNow, kYear).ok());
}

TEST(TlsContextTest, SettingsThatCannotWorkAreRefusedWithTheReason) {
  const auto authority = MakeAuthority("ca", kNow, kYear);
  const auto other = MakeAuthority("other", kNow, kYear);
  TlsIdentity identity;
  identity.ca = "no certificate";
  EXPECT_FALSE(MakeClientTlsContext(identity).ok());
  identity.ca = authority->certificate;
  EXPECT_TRUE(MakeClientTlsContext(identity).ok());
  identity.certificate = authority->certificate;
  EXPECT_FALSE(MakeClientTlsContext(identity).ok());
  identity.key = other->private_key;
  EXPECT_FALSE(MakeClientTlsContext(identity).ok());
  identity.key = authority->private_key;
  EXPECT_TRUE(MakeClientTlsContext(identity).ok());
  const auto mismatch = MakeServerTlsContext({authority->certificate, other->private_key});
  ASSERT_FALSE(mismatch.ok());
  EXPECT_NE(mismatch.error().message.find("does not belong"), std::string::npos);
}

}  // namespace
}  // namespace telltale
