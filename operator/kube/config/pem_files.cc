// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/pem_files.h"

#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/net/tls_context.h"

namespace telltale {
namespace {

// Three small files; a certificate that expires is replaced hours before.
constexpr auto kReadAgain = std::chrono::seconds(10);
constexpr std::size_t kMaxPem = 1u << 20;

Status ReadInto(const std::string& file, std::string& pem) {
  if (file.empty()) return {};
  auto text = ReadFile(file, kMaxPem);
  if (!text.ok()) return text.error();
  pem = std::move(*text);
  return pem.empty() ? Status(Fail(Code::kInvalid, file + " is empty")) : Status();
}

}  // namespace

Status CheckTlsIdentity(const TlsIdentity& identity) {
  TlsClientOptions options;
  options.insecure_skip_verify = identity.ca.empty();  // the system's authorities need no check
  options.ca_pem = identity.ca;
  if (auto context = MakeClientTlsContext(options); !context.ok()) {
    return Context("the API server's certificate-authority is not a PEM certificate",
                   context.error());
  }
  options.certificate_pem = identity.certificate;
  options.private_key_pem = identity.key;
  if (auto context = MakeClientTlsContext(options); !context.ok()) {
    return Context(
        "the client-certificate and client-key for the API server are not PEM or do not "
        "belong together",
        context.error());
  }
  return {};
}

PemFiles::PemFiles(const KubeConfig& config, std::function<void()> bad, Clock& clock)
    : ca_file_(config.ca_file),
      certificate_file_(config.client_certificate_file),
      key_file_(config.client_key_file),
      bad_(std::move(bad)),
      clock_(clock),
      identity_{config.ca_pem, config.client_certificate_pem, config.client_key_pem},
      read_at_(clock.Steady()) {}

TlsIdentity PemFiles::Get() {
  std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.Steady();
  if (!read_at_ || now - *read_at_ >= kReadAgain) {
    read_at_ = now;
    ReadAgain();
  }
  return identity_;
}

void PemFiles::Doubt() {
  std::lock_guard lock(mutex_);
  read_at_.reset();
}

void PemFiles::ReadAgain() {
  TlsIdentity fresh = identity_;
  Status read = ReadInto(ca_file_, fresh.ca);
  if (read.ok()) read = ReadInto(certificate_file_, fresh.certificate);
  if (read.ok()) read = ReadInto(key_file_, fresh.key);
  if (read.ok() && fresh == identity_) {
    complaint_.clear();
    return;
  }
  if (read.ok()) read = CheckTlsIdentity(fresh);
  if (!read.ok()) {
    if (bad_) bad_();
    if (std::exchange(complaint_, read.error().message) != read.error().message) {
      LogWarn("keeping the old certificates for the API server", {{"error", read.error().message}});
    }
    return;
  }
  complaint_.clear();
  identity_ = std::move(fresh);
  LogInfo("the certificates for the API server have changed");
}

}  // namespace telltale
