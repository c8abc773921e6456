// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/location.h"

#include <string>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

// RFC 3986 §5.2.4: "/a/b/../c/./d" is "/a/c/d".
std::string WithoutDots(std::string_view path) {
  std::vector<std::string> kept;
  const auto parts = Split(path.substr(1), '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    if (parts[i] == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (parts[i] != ".") {
      kept.emplace_back(parts[i]);
      continue;
    }
    if (last) kept.emplace_back();
  }
  return "/" + Join(kept, "/");
}

// "scheme:" with the letters that a scheme may have.
bool HasScheme(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  for (const char c : text.substr(0, colon)) {
    if (!IsLetterOrDigit(c) && c != '+' && c != '-' && c != '.') return false;
  }
  return true;
}

}  // namespace

std::string UrlText(const Url& url) {
  return (url.tls ? "https://" : "http://") + url.HostHeader() + url.target;
}

bool SameOrigin(const Url& a, const Url& b) {
  return a.tls == b.tls && a.port == b.port && LowerAscii(a.host) == LowerAscii(b.host);
}

Result<Url> FollowLocation(const Url& from, std::string_view location) {
  location = Trim(location);
  location = location.substr(0, location.find('#'));
  if (location.empty()) return Fail(Code::kInvalid, "the redirect has no Location");
  if (HasScheme(location)) return ParseUrl(location);
  if (location.starts_with("//")) {
    return ParseUrl((from.tls ? "https:" : "http:") + std::string(location));
  }
  const std::string_view path = std::string_view(from.target).substr(0, from.target.find('?'));
  std::string target;
  if (location.starts_with('/')) {
    target = location;
  } else if (location.starts_with('?')) {
    target = std::string(path) + std::string(location);
  } else {
    target = std::string(path.substr(0, path.rfind('/') + 1)) + std::string(location);
  }
  const auto query = std::min(target.find('?'), target.size());
  target = WithoutDots(target.substr(0, query)) + target.substr(query);
  Url base = from;
  base.target.clear();
  return ParseUrl(UrlText(base) + target);
}

}  // namespace telltale
