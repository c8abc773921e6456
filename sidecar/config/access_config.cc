// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/access_config.h"

#include <algorithm>
#include <iterator>

#include "common/base/ascii.h"
#include "common/net/http/http_proxy.h"
#include "sidecar/config/checks.h"

namespace telltale {
namespace {

struct OwnHeader {
  std::string_view name, instead;
};
// Headers that the sidecar sets itself, and the key to use instead; $ is the section.
constexpr OwnHeader kOwnHeaders[] = {
    {"authorization", "use $.basicAuth or $.bearerTokenFile"},
    {"content-type", "it follows from the push"},
    {"content-encoding", "it follows from the push"},
    {"content-length", "it follows from the push"},
    {"transfer-encoding", "pushes have a length"},
    {"connection", "it is the client's"},
    {"host", "use $.url"},
    {"user-agent", "it is telltale-sidecar"},
    {"proxy-authorization", "use $.proxyAuth"},
};
constexpr OwnHeader kLokiHeaders[] = {
    {"x-scope-orgid", "use loki.tenant"},
    {"content-type", "use loki.encoding"},
    {"content-encoding", "use loki.encoding"},
};

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return IsLetterOrDigit(c) || kOthers.find(c) != kOthers.npos;
  });
}

// Why a configuration must not set the header; empty: it may.
std::string WhyNot(const std::string& section, std::string_view name) {
  const std::string lower = LowerAscii(name);
  const auto same = [&](const OwnHeader& own) { return own.name == lower; };
  if (section == "loki") {
    const auto* found = std::ranges::find_if(kLokiHeaders, same);
    if (found != std::end(kLokiHeaders)) return std::string(found->instead);
  }
  const auto* found = std::ranges::find_if(kOwnHeaders, same);
  if (found == std::end(kOwnHeaders)) return {};
  std::string why(found->instead);
  for (auto at = why.find('$'); at != why.npos; at = why.find('$')) why.replace(at, 1, section);
  return why;
}

void DecodeHeaders(Decoder& decoder, const YamlNode& node, const std::string& section,
                   Labels& out) {
  const std::string path = section + ".headers";
  decoder.StringMap(node, path, out);
  for (const auto& [name, value] : out) {
    const YamlNode* found = node.Find(name);
    const YamlNode& at = found != nullptr ? *found : node;
    if (!IsHeaderName(name)) {
      decoder.Problem(at, path + " has \"" + name + "\", which is no name of a header");
      continue;
    }
    if (const auto why = WhyNot(section, name); !why.empty()) {
      decoder.Problem(at, path + " must not set " + name + ": " + why);
    }
    std::string text;
    DecodeHeaderText(decoder, at, path + "." + name, text);
  }
}

// A name, from the configuration or a file, and a password from a file.
struct BasicAuth {
  std::string &username, &username_file, &password_file;
};

void DecodeBasicAuth(Decoder& decoder, const YamlNode& node, const std::string& path,
                     BasicAuth out) {
  decoder.Map(
      node, path,
      {{"username",
        [&](const YamlNode& n) { DecodeHeaderText(decoder, n, path + ".username", out.username); }},
       {"usernameFile",
        [&](const YamlNode& n) {
          DecodeReadablePath(decoder, n, path + ".usernameFile", out.username_file);
        }},
       {"passwordFile", [&](const YamlNode& n) {
          DecodeReadablePath(decoder, n, path + ".passwordFile", out.password_file);
        }}});
  if (node.kind != YamlNode::Kind::kMap) return;
  if (out.password_file.empty()) decoder.Problem(node, path + " needs a passwordFile");
  if (out.username.empty() == out.username_file.empty()) {
    decoder.Problem(node, path + " needs one of username and usernameFile");
  }
  if (out.username.find(':') != std::string::npos) {
    decoder.Problem(node, path + ".username must not have a colon in it");
  }
}

void DecodeTls(Decoder& decoder, const YamlNode& node, const std::string& path, AccessConfig& out) {
  const auto file = [&](const char* key, std::string& to) {
    return Decoder::Field{
        key, [&, key](const YamlNode& n) { DecodeReadablePath(decoder, n, path + "." + key, to); }};
  };
  decoder.Map(
      node, path,
      {file("caFile", out.ca_file),
       file("certFile", out.cert_file),
       file("keyFile", out.key_file),
       {"serverName",
        [&](const YamlNode& n) { decoder.String(n, path + ".serverName", out.server_name); }},
       {"insecureSkipVerify", [&](const YamlNode& n) {
          decoder.Bool(n, path + ".insecureSkipVerify", out.insecure_skip_verify);
        }}});
  if (out.cert_file.empty() != out.key_file.empty()) {
    decoder.Problem(node, path + " needs certFile and keyFile together");
  }
  if (out.insecure_skip_verify && !out.ca_file.empty()) {
    decoder.Problem(node,
                    path + " has a caFile, which insecureSkipVerify would ignore: remove one");
  }
}

void DecodeProxy(Decoder& decoder, const YamlNode& node, const std::string& path,
                 std::string& out) {
  decoder.String(node, path, out);
  if (out.empty()) return;
  if (auto proxy = ParseHttpProxy(out); !proxy.ok()) {
    decoder.Problem(node, path + " " + proxy.error().message);
  }
}

void CheckProxyAuth(Decoder& decoder, const YamlNode& node, const std::string& section,
                    const AccessConfig& access) {
  if (access.proxy_password_file.empty()) return;
  if (access.proxy_url.empty()) {
    decoder.Problem(node, section + ".proxyAuth needs a " + section + ".proxyUrl");
  }
  if (auto proxy = ParseHttpProxy(access.proxy_url);
      proxy.ok() && !proxy->Authorization().empty()) {
    decoder.Problem(node, section + ".proxyUrl has a user name and there is a " + section +
                              ".proxyAuth: remove one");
  }
}

}  // namespace

std::vector<Decoder::Field> AccessFields(Decoder& decoder, const std::string& section,
                                         AccessConfig& out) {
  const auto path = [&](const char* key) { return section + "." + key; };
  return {
      {"headers",
       [&, section](const YamlNode& n) { DecodeHeaders(decoder, n, section, out.headers); }},
      {"proxyUrl",
       [&, p = path("proxyUrl")](const YamlNode& n) { DecodeProxy(decoder, n, p, out.proxy_url); }},
      {"proxyAuth",
       [&, p = path("proxyAuth")](const YamlNode& n) {
         DecodeBasicAuth(decoder, n, p,
                         {out.proxy_username, out.proxy_username_file, out.proxy_password_file});
       }},
      {"credentials",
       [&, p = path("credentials")](const YamlNode& n) {
         DecodeReadablePath(decoder, n, p, out.credentials);
       }},
      {"basicAuth",
       [&, p = path("basicAuth")](const YamlNode& n) {
         DecodeBasicAuth(decoder, n, p, {out.username, out.username_file, out.password_file});
       }},
      {"bearerTokenFile",
       [&, p = path("bearerTokenFile")](const YamlNode& n) {
         DecodeReadablePath(decoder, n, p, out.bearer_token_file);
       }},
      {"tls", [&, p = path("tls")](const YamlNode& n) { DecodeTls(decoder, n, p, out); }}};
}

void CheckAccess(Decoder& decoder, const YamlNode& node, const std::string& section,
                 const AccessConfig& access) {
  if (!access.bearer_token_file.empty() && !access.password_file.empty()) {
    decoder.Problem(node, section + " has basicAuth and bearerTokenFile: remove one of the two");
  }
  CheckProxyAuth(decoder, node, section, access);
}

}  // namespace telltale
