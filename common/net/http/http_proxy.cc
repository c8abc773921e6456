// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_proxy.h"

#include <algorithm>
#include <cstddef>

#include "common/base/percent.h"
#include "common/net/http/url.h"

namespace telltale {

Result<HttpProxy> ParseHttpProxy(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) {
    return Fail(Code::kInvalid,
                "must begin with http://: only such proxies are supported, whatever the server "
                "behind it speaks");
  }
  text.remove_prefix(kScheme.size());
  HttpProxy proxy;
  const std::size_t end = std::min(text.find('/'), text.size());
  if (const std::size_t at = text.substr(0, end).rfind('@'); at != std::string_view::npos) {
    const std::string_view user = text.substr(0, at);
    const std::size_t colon = std::min(user.find(':'), user.size());
    proxy.username = PercentDecode(user.substr(0, colon));
    if (colon < user.size()) proxy.password = PercentDecode(user.substr(colon + 1));
    text.remove_prefix(at + 1);
  }
  auto url = ParseUrl(std::string(kScheme).append(text));
  if (!url.ok()) {
    return Fail(Code::kInvalid,
                "must be http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, with other characters "
                "of the two percent-encoded");
  }
  proxy.host = url->host;
  proxy.port = url->port;
  return proxy;
}

}  // namespace telltale
