// SPDX-License-Identifier: Apache-2.0
//
// Sends pushes to one log store. Owned by a thread of Sender; Cancel may come from any.
#pragma once

#include <string>

#include "common/access/access_client.h"
#include "common/base/clock.h"
#include "sidecar/loki/push_target.h"

namespace telltale {

class PushClient {
 public:
  // kInvalid if the URL or the proxy's cannot be parsed; the sentence names the key.
  static Status Check(const PushTarget& target);
  // The whole address of pushes, for a person to read.
  static std::string Address(const PushTarget& target) { return PushPath(target.url); }

  // For a target that Check accepts.
  PushClient(PushTarget target, Clock& clock);

  // Errors are AccessClient::Send's. `body` is snappy of a PushRequest; an empty tenant is the
  // target's.
  Result<HttpResponse> Push(const std::string& tenant, std::string body);
  // The store refused our credentials: the files are read again.
  void Rejected() { client_.Rejected(); }
  void Cancel() { client_.Cancel(); }

 private:
  static std::string PushPath(std::string_view target);

  const PushTarget target_;
  AccessClient client_;
  std::string path_;
};

}  // namespace telltale
