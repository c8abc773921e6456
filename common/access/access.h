// SPDX-License-Identifier: Apache-2.0
//
// How a server (Loki, an Alertmanager, Prometheus), or a gateway in front of it, authenticates us.
// Plain values, made by the configuration. Secrets are only named, by the files that hold them.
#pragma once

#include <string>

#include "common/net/http/http.h"
#include "common/net/tls/pem_files.h"

namespace telltale {

struct Access {
  // A folder with ca.crt, tls.crt, tls.key, username, password, token: a mounted Secret. A file is
  // used if it exists now and no key below names another one.
  std::string credentials;
  TlsFiles tls_files;
  std::string server_name;  // in place of the URL's host
  bool insecure_skip_verify = false;
  std::string username, username_file, password_file;  // basic
  std::string bearer_token_file;
  HttpHeaders headers;    // beside ours
  std::string proxy_url;  // may hold a name and a password; or they are in:
  std::string proxy_username, proxy_username_file, proxy_password_file;
  std::string user_agent = "telltale-sidecar";
  bool operator==(const Access&) const = default;
};

}  // namespace telltale
