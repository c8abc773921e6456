// SPDX-License-Identifier: Apache-2.0
//
// HttpProxy: the host through which a client reaches its server. For an https:// server it is asked
// for a tunnel (CONNECT); for an http:// server it gets the whole URL in the request line. A plain
// value.
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
  std::string from = {};           // the environment variable that names it; empty: the options

  // The value of Proxy-Authorization; empty: none.
  std::string Authorization() const {
    if (username.empty() && password.empty()) return "";
    return "Basic " + Base64Encode(username + ":" + password);
  }
  bool operator==(const HttpProxy&) const = default;
};

// Parses http://[USER[:PASSWORD]@]HOST[:PORT], USER and PASSWORD percent-encoded. An error
// continues the name of a key ("must ...") and does not repeat the text, which may hold a password.
Result<HttpProxy> ParseHttpProxy(std::string_view text);

}  // namespace telltale
