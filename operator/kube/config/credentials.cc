// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/credentials.h"

#include <utility>

#include "common/base/strings.h"

namespace telltale {

Credentials::Credentials(const KubeConfig& config, std::function<void()> bad_files, Clock& clock)
    : basic_(config.username.empty() && config.password.empty()
                 ? ""
                 : "Basic " + Base64Encode(config.username + ":" + config.password)),
      token_(config.token, config.token_file, clock),
      pem_files_({config.ca_file, config.client_certificate_file, config.client_key_file},
                 TlsIdentity{config.ca_pem, config.client_certificate_pem, config.client_key_pem},
                 "the API server", std::move(bad_files), clock) {
  if (config.exec) exec_.emplace(*config.exec, clock);
}

Result<Identity> Credentials::Get() {
  Identity identity;
  auto files = pem_files_.Get();
  if (!files.ok()) return files.error();
  TlsIdentity tls = std::move(*files);
  auto token = token_.Get();
  if (!token.ok()) return token.error();
  identity.authorization = token->empty() ? basic_ : "Bearer " + *token;
  if (exec_) {
    auto given = exec_->Get();
    if (!given.ok()) return given.error();
    identity.given = *given;
    if (!(*given)->token.empty()) identity.authorization = "Bearer " + (*given)->token;
    tls.certificate = (*given)->certificate_pem;
    tls.key = (*given)->key_pem;
  }
  identity.tls = Share(std::move(tls));
  return identity;
}

std::shared_ptr<const TlsIdentity> Credentials::Share(TlsIdentity identity) {
  MutexLock lock(mutex_);
  if (!tls_ || *tls_ != identity) tls_ = std::make_shared<const TlsIdentity>(std::move(identity));
  return tls_;
}

void Credentials::Rejected(const Identity& identity) {
  token_.Rejected();
  if (exec_) exec_->Rejected(identity.given);
}

void Credentials::Cancel() {
  if (exec_) exec_->Cancel();
}

}  // namespace telltale
