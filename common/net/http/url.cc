// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include <algorithm>
#include <cstddef>
#include <optional>

namespace telltale {
namespace {

Error Bad(std::string_view what, std::string_view text, std::string_view why) {
  std::string message(what);
  message.append(" \"").append(text).append("\" ").append(why);
  return Fail(Code::kInvalid, std::move(message));
}

// One to five digits and nothing else: no sign, no space.
std::optional<std::uint16_t> ParsePort(std::string_view digits) {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

bool IsHostName(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

// Perhaps with the zone of a link behind a '%'.
bool IsIpv6(std::string_view text) {
  const std::size_t zone = text.find('%');
  if (zone != std::string_view::npos && !IsHostName(text.substr(zone + 1))) return false;
  const std::string address(text.substr(0, zone));
  // inet_pton would not see what stands behind a NUL.
  in6_addr parsed;
  return address.find('\0') == std::string::npos &&
         inet_pton(AF_INET6, address.c_str(), &parsed) == 1;
}

struct Authority {
  std::string_view host;
  std::optional<std::string_view> port;
};

// host, host:port, [v6], [v6]:port. Empty optional when brackets or colons do not match.
std::optional<Authority> SplitAuthority(std::string_view text) {
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    Authority result{text.substr(1, close - 1), std::nullopt};
    const std::string_view rest = text.substr(close + 1);
    if (!IsIpv6(result.host)) return std::nullopt;
    if (rest.empty()) return result;
    if (rest.front() != ':') return std::nullopt;
    result.port = rest.substr(1);
    return result;
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Authority{text, std::nullopt};
  if (text.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
  return Authority{text.substr(0, colon), text.substr(colon + 1)};
}

bool StartsWithNoCase(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         strncasecmp(text.data(), prefix.data(), prefix.size()) == 0;
}

}  // namespace

std::string Url::HostHeader() const {
  if (port != (tls ? 443 : 80)) return JoinHostPort(host, port);
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

Result<Url> ParseUrl(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (StartsWithNoCase(text, "http://")) {
    rest.remove_prefix(7);
  } else if (StartsWithNoCase(text, "https://")) {
    rest.remove_prefix(8);
    url.tls = true;
  } else {
    return Bad("URL", text, "must begin with http:// or https://");
  }
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!printable)
    return Bad("URL", text, "has a space or a character that must be percent-encoded");
  if (text.find('#') != std::string_view::npos)
    return Bad("URL", text, "must not have a #fragment");

  const std::size_t target = rest.find_first_of("/?");
  const std::string_view authority_text = rest.substr(0, target);
  if (authority_text.find('@') != std::string_view::npos) {
    // The text is not repeated: what stands before the @ is a password.
    return Fail(Code::kInvalid,
                "URL must not have a user name or password before the host: use the auth settings");
  }
  const auto authority = SplitAuthority(authority_text);
  if (!authority) return Bad("URL", text, "has a bad host: write an IPv6 address in [brackets]");
  if (authority->host.empty()) return Bad("URL", text, "has no host");
  if (!IsIpv6(authority->host) && !IsHostName(authority->host)) {
    return Bad("URL", text, "has a host with a character that no host name has");
  }
  url.host = authority->host;
  url.port = url.tls ? 443 : 80;
  if (authority->port) {
    const auto port = ParsePort(*authority->port);
    if (!port || *port == 0) return Bad("URL", text, "has a bad port: it must be 1 to 65535");
    url.port = *port;
  }
  if (target != std::string_view::npos) {
    url.target = rest.substr(target);
    if (url.target.front() == '?') url.target.insert(0, "/");
  }
  return url;
}

Result<HostPort> ParseHostPort(std::string_view text) {
  const auto authority = SplitAuthority(text);
  if (!authority) return Bad("address", text, "is not host:port: write an IPv6 one as [::1]:8080");
  if (!authority->port) return Bad("address", text, "has no port: write it as host:port or :port");
  if (!IsIpv6(authority->host) && !IsHostName(authority->host)) {
    return Bad("address", text, "has a host with a character that no host name has");
  }
  const auto port = ParsePort(*authority->port);
  if (!port) return Bad("address", text, "has a bad port: it must be 0 to 65535");
  return HostPort{std::string(authority->host), *port};
}

std::string JoinHostPort(std::string_view host, int port) {
  std::string out;
  const bool brackets = host.find(':') != std::string_view::npos;
  if (brackets) out.push_back('[');
  out.append(host);
  if (brackets) out.push_back(']');
  return out.append(":").append(std::to_string(port));
}

}  // namespace telltale
