// SPDX-License-Identifier: Apache-2.0
//
// HttpProxy: through which other host a client reaches its server: a tunnel for TLS (CONNECT), the
// whole URL in the request line without. A plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/strings.h"

namespace telltale {

struct HttpProxy {
  std::string host;
  std::uint16_t port = 80;
  std::string username, password;  // both empty: none is sent

  // The value of Proxy-Authorization; empty: none.
  std::string Authorization() const {
    if (username.empty() && password.empty()) return "";
    return "Basic " + Base64Encode(username + ":" + password);
  }
  bool operator==(const HttpProxy&) const = default;
};

// Of http://[USER[:PASSWORD]@]HOST[:PORT], the first two percent-encoded. Errors continue the name
// of a key ("must ...") and never repeat the text, which may hold a password.
Result<HttpProxy> ParseHttpProxy(std::string_view text);

}  // namespace telltale
