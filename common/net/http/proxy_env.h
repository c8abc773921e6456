// SPDX-License-Identifier: Apache-2.0
//
// The proxies that the environment names: HTTP_PROXY, HTTPS_PROXY and NO_PROXY, also in lower case,
// read as Go's net/http does. Used by every HttpClient whose options name no proxy. Pure but for
// EnvironmentProxies, which reads the environment; thread-safe.
#pragma once

#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/net/http/http_proxy.h"
#include "common/net/http/url.h"

namespace telltale {

struct ProxyVariables {
  std::string http, https;  // for http:// and https:// servers; empty: none
  std::string none;         // servers that are reached directly, with commas between them
};

ProxyVariables EnvironmentProxies();

// The proxy for `server`, or nullopt if it is reached directly: localhost and loopback addresses
// always, and what NO_PROXY lists. An entry there is "*" (every server), an address, a network
// ("10.0.0.0/8", "fd00::/8"), or a name; "example.com" is that host and all below it,
// ".example.com" and "*.example.com" are those below it only. Any entry may end with ":PORT".
// An error if the variable does not hold an http:// proxy; it does not repeat the text, which may
// hold a password.
Result<std::optional<HttpProxy>> FindProxy(const Url& server, const ProxyVariables& variables);

// FindProxy with the environment. A variable that cannot be used is logged once, and the server is
// reached directly.
std::optional<HttpProxy> EnvironmentProxyFor(const Url& server);

}  // namespace telltale
