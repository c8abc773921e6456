// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/proxy_env.h"

#include <arpa/inet.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "common/base/ascii.h"
#include "common/base/log.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

// An address as 16 bytes, IPv4 in the form ::ffff:a.b.c.d.
using Address = std::array<std::uint8_t, 16>;
constexpr std::size_t kIpv4Offset = 12;

std::optional<Address> ParseAddress(const std::string& text) {
  Address address{};
  if (inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, text.c_str(), address.data() + kIpv4Offset) == 1) return address;
  return std::nullopt;
}

bool SameBits(const Address& a, const Address& b, std::size_t bits) {
  const std::size_t whole = bits / 8, rest = bits % 8;
  if (std::memcmp(a.data(), b.data(), whole) != 0) return false;
  return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool IsLoopback(const Address& address) {
  return SameBits(address, *ParseAddress("127.0.0.0"), 104) || address == *ParseAddress("::1");
}

// Whether the network "10.0.0.0/8" has the address.
bool NetworkHas(std::string_view network, const Address& address) {
  const std::size_t slash = network.find('/');
  const auto base = ParseAddress(std::string(network.substr(0, slash)));
  const auto bits = ParseInt(network.substr(slash + 1));
  if (!base || !bits) return false;
  const bool ipv6 = network.substr(0, slash).find(':') != std::string_view::npos;
  if (*bits < 0 || *bits > (ipv6 ? 128 : 32)) return false;
  return SameBits(*base, address, static_cast<std::size_t>(*bits) + (ipv6 ? 0 : 96));
}

struct Entry {
  std::string host;
  std::optional<std::int64_t> port;
};

// "host:80", "[::1]:80", "::1" and "10.0.0.0/8" into host and port.
Entry SplitEntry(std::string_view text) {
  Entry entry;
  const std::size_t bracket = text.find(']');
  std::size_t colon = text.rfind(':');
  if (text.starts_with('[') && bracket != std::string_view::npos) {
    entry.host = text.substr(1, bracket - 1);
    if (colon < bracket) colon = std::string_view::npos;
  } else if (colon != std::string_view::npos && text.find(':') != colon) {
    colon = std::string_view::npos;  // IPv6
  }
  if (entry.host.empty()) entry.host = text.substr(0, colon);
  if (colon != std::string_view::npos) entry.port = ParseInt(text.substr(colon + 1)).value_or(-1);
  return entry;
}

// Both in lower case.
bool NameMatches(std::string_view entry, std::string_view host) {
  if (entry.starts_with("*.")) entry.remove_prefix(1);
  if (entry.starts_with('.')) return host.size() > entry.size() && host.ends_with(entry);
  if (host == entry) return true;
  return host.size() > entry.size() && host.ends_with(entry) &&
         host[host.size() - entry.size() - 1] == '.';
}

bool IsDirect(const Url& server, std::string_view none) {
  std::string host = LowerAscii(server.host);
  if (host.ends_with('.')) host.pop_back();
  const auto address = ParseAddress(host);
  if (host == "localhost" || (address && IsLoopback(*address))) return true;
  for (std::string_view part : Split(none, ',')) {
    const std::string text = LowerAscii(Trim(part));
    if (text == "*") return true;
    if (text.empty()) continue;
    if (text.find('/') != std::string::npos) {
      if (address && NetworkHas(text, *address)) return true;
      continue;
    }
    const Entry entry = SplitEntry(text);
    if (entry.port && *entry.port != server.port) continue;
    const auto listed = ParseAddress(entry.host);
    if (listed ? address == listed : !address && NameMatches(entry.host, host)) return true;
  }
  return false;
}

std::string Variable(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace

ProxyVariables EnvironmentProxies() {
  return {Variable("HTTP_PROXY", "http_proxy"), Variable("HTTPS_PROXY", "https_proxy"),
          Variable("NO_PROXY", "no_proxy")};
}

Result<std::optional<HttpProxy>> FindProxy(const Url& server, const ProxyVariables& variables) {
  const std::string& text = server.tls ? variables.https : variables.http;
  if (text.empty() || IsDirect(server, variables.none)) return std::optional<HttpProxy>();
  const std::string name = server.tls ? "HTTPS_PROXY" : "HTTP_PROXY";
  const bool scheme = text.find("://") != std::string::npos;
  auto proxy = ParseHttpProxy(scheme ? text : "http://" + text);
  if (!proxy.ok()) {
    return Fail(Code::kInvalid, "the environment variable " + name + " " + proxy.error().message);
  }
  proxy->from = name;
  return std::optional<HttpProxy>(*std::move(proxy));
}

std::optional<HttpProxy> EnvironmentProxyFor(const Url& server) {
  auto proxy = FindProxy(server, EnvironmentProxies());
  if (proxy.ok()) return *std::move(proxy);
  static std::atomic<bool> said = false;
  if (!said.exchange(true)) {
    LogWarn("a proxy of the environment is not used; servers are reached directly",
            {{"error", proxy.error().message}});
  }
  return std::nullopt;
}

}  // namespace telltale
