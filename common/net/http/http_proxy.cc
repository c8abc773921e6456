// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/http_proxy.h"

#include <algorithm>
#include <cstddef>

#include "common/net/http/url.h"

namespace telltale {
namespace {

// "%41" as 'A'; text that is no percent-encoding stays as it is.
std::string PercentDecode(std::string_view text) {
  const auto hex = [](char c) {
    const std::size_t at = std::string_view("0123456789abcdef").find(static_cast<char>(c | 0x20));
    return c >= '0' && at != std::string_view::npos ? static_cast<int>(at) : -1;
  };
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size();
    const int high = escape ? hex(text[i + 1]) : -1, low = escape ? hex(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      decoded.push_back(text[i]);
      continue;
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

}  // namespace

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
