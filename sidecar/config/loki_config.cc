// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/loki_config.h"

#include <algorithm>

#include "common/base/ascii.h"
#include "common/net/http/http_proxy.h"
#include "sidecar/config/checks.h"

namespace telltale {
namespace {

// Bounds that keep a typing error from becoming load: a batch that Loki can never accept (its
// default burst is 6 MB), a timeout that never comes.
constexpr std::int64_t kMinBatchWaitMs = 10, kMaxBatchWaitMs = 60'000;
constexpr std::int64_t kMinBatchBytes = 4 << 10, kMaxBatchBytes = 3 << 20;
constexpr std::int64_t kMinTimeoutMs = 100, kMaxTimeoutMs = 300'000;
constexpr std::int64_t kMaxAgeMs = std::int64_t{10} * 365 * 24 * 3'600'000;

// What we set ourselves, by what the configuration has for it.
constexpr std::pair<std::string_view, std::string_view> kOwnHeaders[] = {
    {"authorization", "use loki.basicAuth or loki.bearerTokenFile"},
    {"x-scope-orgid", "use loki.tenant"},
    {"content-type", "use loki.encoding"},
    {"content-encoding", "use loki.encoding"},
    {"content-length", "it follows from the push"},
    {"transfer-encoding", "pushes have a length"},
    {"connection", "it is the client's"},
    {"host", "use loki.url"},
    {"user-agent", "it is telltale-sidecar"},
    {"proxy-authorization", "use loki.proxyAuth"},
};

bool IsHeaderName(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return IsLetterOrDigit(c) || kOthers.find(c) != kOthers.npos;
  });
}

void DecodeHeaders(Decoder& decoder, const YamlNode& node, Labels& out) {
  decoder.StringMap(node, "loki.headers", out);
  for (const auto& [name, value] : out) {
    const YamlNode* found = node.Find(name);
    const YamlNode& at = found != nullptr ? *found : node;
    if (!IsHeaderName(name)) {
      decoder.Problem(at, "loki.headers has \"" + name + "\", which is no name of a header");
      continue;
    }
    for (const auto& [own, instead] : kOwnHeaders) {
      if (LowerAscii(name) == own) {
        decoder.Problem(at, "loki.headers must not set " + name + ": " + std::string(instead));
      }
    }
    std::string text;
    DecodeHeaderText(decoder, at, "loki.headers." + name, text);
  }
}

void DecodeEncoding(Decoder& decoder, const YamlNode& node, bool& json) {
  std::string text;
  decoder.String(node, "loki.encoding", text);
  json = text == "json";
  if (!json && node.kind == YamlNode::Kind::kScalar && text != "protobuf") {
    decoder.Problem(node, "loki.encoding must be protobuf or json, but is \"" + text + "\"");
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

void DecodeTls(Decoder& decoder, const YamlNode& node, LokiConfig& out) {
  const std::string path = "loki.tls";
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

void DecodeProxy(Decoder& decoder, const YamlNode& node, std::string& out) {
  decoder.String(node, "loki.proxyUrl", out);
  if (out.empty()) return;
  if (auto proxy = ParseHttpProxy(out); !proxy.ok()) {
    decoder.Problem(node, "loki.proxyUrl " + proxy.error().message);
  }
}

void CheckProxyAuth(Decoder& decoder, const YamlNode& node, const LokiConfig& loki) {
  if (loki.proxy_password_file.empty()) return;
  if (loki.proxy_url.empty()) decoder.Problem(node, "loki.proxyAuth needs a loki.proxyUrl");
  if (auto proxy = ParseHttpProxy(loki.proxy_url); proxy.ok() && !proxy->Authorization().empty()) {
    decoder.Problem(node,
                    "loki.proxyUrl has a user name and there is a loki.proxyAuth: remove one");
  }
}

}  // namespace

void DecodeLoki(Decoder& decoder, const YamlNode& node, LokiConfig& out) {
  decoder.Map(
      node, "loki",
      {{"url",
        [&](const YamlNode& n) {
          decoder.String(n, "loki.url", out.url);
          CheckUrl(decoder, n, "loki.url", out.url);
        }},
       {"tenant", [&](const YamlNode& n) { DecodeTenant(decoder, n, "loki.tenant", out.tenant); }},
       {"batchBytes",
        [&](const YamlNode& n) {
          decoder.Bytes(n, "loki.batchBytes", kMinBatchBytes, kMaxBatchBytes, out.batch_bytes);
        }},
       {"batchWait",
        [&](const YamlNode& n) {
          decoder.DurationMs(n, "loki.batchWait", kMinBatchWaitMs, kMaxBatchWaitMs,
                             out.batch_wait_ms);
        }},
       {"maxLineSize",
        [&](const YamlNode& n) {
          decoder.Bytes(n, "loki.maxLineSize", kMinLineBytes, kMaxLineBytes, out.max_line_bytes);
        }},
       {"timeout",
        [&](const YamlNode& n) {
          decoder.DurationMs(n, "loki.timeout", kMinTimeoutMs, kMaxTimeoutMs, out.timeout_ms);
        }},
       {"maxAge",
        [&](const YamlNode& n) {
          decoder.DurationMs(n, "loki.maxAge", 0, kMaxAgeMs, out.max_age_ms);
        }},
       {"encoding", [&](const YamlNode& n) { DecodeEncoding(decoder, n, out.json); }},
       {"headers", [&](const YamlNode& n) { DecodeHeaders(decoder, n, out.headers); }},
       {"proxyUrl", [&](const YamlNode& n) { DecodeProxy(decoder, n, out.proxy_url); }},
       {"proxyAuth",
        [&](const YamlNode& n) {
          DecodeBasicAuth(decoder, n, "loki.proxyAuth",
                          {out.proxy_username, out.proxy_username_file, out.proxy_password_file});
        }},
       {"credentials",
        [&](const YamlNode& n) {
          DecodeReadablePath(decoder, n, "loki.credentials", out.credentials);
        }},
       {"basicAuth",
        [&](const YamlNode& n) {
          DecodeBasicAuth(decoder, n, "loki.basicAuth",
                          {out.username, out.username_file, out.password_file});
        }},
       {"bearerTokenFile",
        [&](const YamlNode& n) {
          DecodeReadablePath(decoder, n, "loki.bearerTokenFile", out.bearer_token_file);
        }},
       {"tls", [&](const YamlNode& n) { DecodeTls(decoder, n, out); }}});
  if (!out.bearer_token_file.empty() && !out.password_file.empty()) {
    decoder.Problem(node, "loki has basicAuth and bearerTokenFile: remove one of the two");
  }
  CheckProxyAuth(decoder, node, out);
}

}  // namespace telltale
