// SPDX-License-Identifier: Apache-2.0
//
// The absolute http and https URLs that configurations name. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace telltale {

struct Url {
  bool tls = false;
  std::string host;  // without brackets when it is an IPv6 literal
  std::uint16_t port = 80;
  std::string target = "/";        // path and query
  std::string HostHeader() const;  // host[:port], brackets for IPv6, default port left out
};

// Errors say what is missing; user info and fragments are refused.
Result<Url> ParseUrl(std::string_view text);

struct HostPort {
  std::string host;  // empty means every address, IPv6 and IPv4
  std::uint16_t port = 0;
};
// ":8080", "127.0.0.1:0", "[::1]:9443".
Result<HostPort> ParseHostPort(std::string_view text);
// The reverse, with brackets where needed.
std::string JoinHostPort(std::string_view host, int port);

}  // namespace telltale
