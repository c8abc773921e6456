// SPDX-License-Identifier: Apache-2.0
//
// How the sidecar authenticates at a server: the keys that the parts `loki` and `alertmanager` of
// the configuration have in common. Secrets are only named, by the files that hold them; the one
// exception is a proxyUrl with a password, which is never repeated in a message. Plain values and
// their decoder.
#pragma once

#include <string>
#include <vector>

#include "common/base/strings.h"
#include "sidecar/config/decoder.h"

namespace telltale {

struct AccessConfig {
  Labels headers = {};         // beside ours
  std::string proxy_url = {};  // may hold a name and a password; or they are in:
  std::string proxy_username = {}, proxy_username_file = {}, proxy_password_file = {};
  // A folder with ca.crt, tls.crt, tls.key, username, password, token. A file is used if it exists
  // and no key below names another one.
  std::string credentials = {};
  std::string username = {}, username_file = {}, password_file = {}, bearer_token_file = {};
  std::string ca_file = {}, cert_file = {}, key_file = {}, server_name = {};
  bool insecure_skip_verify = false;
  bool operator==(const AccessConfig&) const = default;
};

// Decoders of the keys headers, proxyUrl, proxyAuth, credentials, basicAuth, bearerTokenFile and
// tls of the part `section`. They refer to the arguments.
std::vector<Decoder::Field> AccessFields(Decoder& decoder, const std::string& section,
                                         AccessConfig& out);
// What must hold between these keys; after they were decoded.
void CheckAccess(Decoder& decoder, const YamlNode& node, const std::string& section,
                 const AccessConfig& access);

}  // namespace telltale
