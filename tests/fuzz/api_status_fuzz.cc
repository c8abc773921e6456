// SPDX-License-Identifier: Apache-2.0
//
// What the API server, or a proxy before it, answers instead of success: the first line is the
// HTTP status, the rest the body. There is always a sentence that says what was tried.
#include "common/base/check.h"
#include "common/base/strings.h"
#include "operator/kube/client/status_error.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {

void FuzzOne(std::string_view text) {
  ApiResponse response;
  response.status = static_cast<int>(ParseInt(TakeLine(text)).value_or(500) % 1000);
  response.body = text;
  const Error error = StatusError("listing pods", response);
  TELLTALE_CHECK(error.message.starts_with("listing pods: "));
  TELLTALE_CHECK(error.code == CodeOfHttpStatus(response.status));
}

}  // namespace telltale
