// SPDX-License-Identifier: Apache-2.0
//
// A secret that is sent with each request: fixed, or from a file whose content changes (a projected
// Secret that the kubelet updates). The file is read again once a minute and after a 401. If that
// read fails, the old secret is used until the server refuses it. Used by the operator's transport
// and by the sidecar's pushes. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"

namespace telltale {

// A token becomes part of a header line, which a control character would end.
bool IsHeaderToken(std::string_view token);

class TokenSource {
 public:
  // A password may have spaces and other letters in it.
  enum class Form { kToken, kPassword };

  // `file` wins over `fixed`, which is used as long as the file was never read, as client-go does;
  // both empty means no token, which is an empty string.
  // `what` names it in errors.
  TokenSource(std::string fixed, std::string file, Clock& clock = RealClock(),
              std::string what = "the API server's token", Form form = Form::kToken);

  Result<std::string> Get();
  // The server answered 401 to the last token.
  void Rejected();

 private:
  Result<std::string> Read() const;

  const std::string file_, what_;
  const Form form_;
  Clock& clock_;
  Mutex mutex_;
  std::string token_ GUARDED_BY(mutex_);
  std::optional<SteadyTime> read_at_ GUARDED_BY(mutex_);  // empty: read before the next use
};

}  // namespace telltale
