// SPDX-License-Identifier: Apache-2.0
#include "common/net/tls/pem_files.h"

#include <utility>

#include "common/base/files.h"
#include "common/base/log.h"
#include "common/net/tls/tls_context.h"

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
  // Editors of Windows write a byte order mark, which would hide the first certificate.
  if (pem.starts_with("\xef\xbb\xbf")) pem.erase(0, 3);
  return pem.empty() ? Status(Fail(Code::kInvalid, file + " is empty")) : Status();
}

}  // namespace

Status CheckTlsIdentity(const TlsIdentity& identity, const std::string& server) {
  const bool system = identity.ca.empty();  // whose authorities need no check
  if (auto context = MakeClientTlsContext({.ca = identity.ca}, system); !context.ok()) {
    return Context(server + "'s certificate-authority is not a PEM certificate", context.error());
  }
  if (auto context = MakeClientTlsContext(identity, system); !context.ok()) {
    return Context("the client-certificate and client-key for " + server +
                       " are not PEM or do not belong together",
                   context.error());
  }
  return {};
}

PemFiles::PemFiles(TlsFiles files, std::optional<TlsIdentity> known, std::string server,
                   std::function<void()> bad, Clock& clock)
    : files_(std::move(files)),
      server_(std::move(server)),
      bad_(std::move(bad)),
      clock_(clock),
      known_(known.has_value()),
      identity_(known.value_or(TlsIdentity{})) {
  if (known_) read_at_ = clock.Steady();
}

Result<TlsIdentity> PemFiles::Get() {
  MutexLock lock(mutex_);
  const SteadyTime now = clock_.Steady();
  if (!known_ || !read_at_ || now - *read_at_ >= kReadAgain) {
    read_at_ = now;
    Status read = ReadAgain();
    if (!read.ok() && !known_) return read.error();
  }
  return identity_;
}

void PemFiles::Invalidate() {
  MutexLock lock(mutex_);
  read_at_.reset();
}

Status PemFiles::ReadAgain() {
  TlsIdentity fresh = identity_;
  Status read = ReadInto(files_.ca, fresh.ca);
  if (read.ok()) read = ReadInto(files_.certificate, fresh.certificate);
  if (read.ok()) read = ReadInto(files_.key, fresh.key);
  if (read.ok() && known_ && fresh == identity_) {
    complaint_.clear();
    return {};
  }
  if (read.ok()) read = CheckTlsIdentity(fresh, server_);
  if (!read.ok()) {
    if (bad_) bad_();
    if (known_ && std::exchange(complaint_, read.error().message) != read.error().message) {
      LogWarn("keeping the old certificates for " + server_, {{"error", read.error().message}});
    }
    return read;
  }
  complaint_.clear();
  identity_ = std::move(fresh);
  if (std::exchange(known_, true)) LogInfo("the certificates for " + server_ + " have changed");
  return {};
}

}  // namespace telltale
