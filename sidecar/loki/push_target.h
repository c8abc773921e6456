// SPDX-License-Identifier: Apache-2.0
//
// Where and how to push. Plain values, made by the configuration; secrets are only named, by the
// files that hold them.
#pragma once

#include <chrono>
#include <string>

#include "common/net/http/http.h"
#include "common/net/tls/pem_files.h"
#include "sidecar/loki/push_queue.h"

namespace telltale {

// How Loki, or what stands in front of it, knows us.
struct PushAccess {
  // A folder with ca.crt, tls.crt, tls.key, username, password, token, as far as they are there now
  // and not named below: a Secret as it is mounted.
  std::string credentials;
  TlsFiles tls_files;
  std::string server_name;  // in place of the URL's host
  bool insecure_skip_verify = false;
  std::string username, username_file, password_file;  // basic
  std::string bearer_token_file;
  HttpHeaders headers;    // beside ours
  std::string proxy_url;  // perhaps with a name and a password in it, or:
  std::string proxy_username, proxy_username_file, proxy_password_file;
  bool operator==(const PushAccess&) const = default;
};

struct PushTarget {
  std::string url;     // http(s)://host:port, with or without /loki/api/v1/push; empty: hold
  std::string tenant;  // X-Scope-OrgID; none when empty
  bool json = false;   // gzip of JSON instead of snappy of protobuf
  PushAccess access = {};
  PushQueue::Times times = {};
  std::chrono::milliseconds request_timeout{10'000};
  bool operator==(const PushTarget&) const = default;
};

}  // namespace telltale
