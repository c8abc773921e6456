// SPDX-License-Identifier: Apache-2.0
#include "sidecar/poll/poll_access.h"

namespace telltale {

Access AccessOf(const AccessConfig& config) {
  Access access;
  access.credentials = config.credentials;
  access.tls_files = {config.ca_file, config.cert_file, config.key_file};
  access.server_name = config.server_name;
  access.insecure_skip_verify = config.insecure_skip_verify;
  access.username = config.username;
  access.username_file = config.username_file;
  access.password_file = config.password_file;
  access.bearer_token_file = config.bearer_token_file;
  access.headers = config.headers;
  access.proxy_url = config.proxy_url;
  access.proxy_username = config.proxy_username;
  access.proxy_username_file = config.proxy_username_file;
  access.proxy_password_file = config.proxy_password_file;
  return access;
}

}  // namespace telltale
