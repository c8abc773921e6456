// SPDX-License-Identifier: Apache-2.0
//
// Sends pushes to one Loki. Owned by Sender and used on its thread; Cancel may come from any.
#pragma once

#include <string>

#include "common/base/clock.h"
#include "sidecar/access/access_client.h"
#include "sidecar/loki/push_body.h"
#include "sidecar/loki/push_target.h"

namespace telltale {

class PushClient {
 public:
  // kInvalid if the URL or the proxy's cannot be parsed; the sentence names the key.
  static Status Check(const PushTarget& target);

  // For a target that Check accepts.
  PushClient(PushTarget target, Clock& clock);

  // Errors are AccessClient::Send's.
  Result<HttpResponse> Push(const PushBody& body);
  // Loki refused our credentials: the files are read again.
  void Rejected() { client_.Rejected(); }
  void Cancel() { client_.Cancel(); }

 private:
  const PushTarget target_;
  AccessClient client_;
  std::string path_;
};

}  // namespace telltale
