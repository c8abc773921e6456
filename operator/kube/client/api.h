// SPDX-License-Identifier: Apache-2.0
//
// The writes and single reads that the controllers need, as functions over a transport. Called
// from the reconcile thread; blocking. HTTP statuses become Codes: 404 kNotFound, 409 kConflict,
// 401/403 kPermission, 400/422 kInvalid, 429/5xx kUnavailable; the message is the Status object's.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "operator/kube/client/transport.h"

namespace telltale {

inline constexpr std::string_view kFieldManager = "telltale-operator";

class Api {
 public:
  explicit Api(HttpTransport& transport) : transport_(transport) {}

  // The JSON body of an object, or kNotFound.
  Result<std::string> Get(const std::string& path);
  // Server-side apply with our field manager and force=true: the whole intent, every time
  // (Kubernetes docs "Server-Side Apply"). `path` is the object's, status subresource included.
  Status Apply(const std::string& path, std::string_view object_json);
  // POST to a collection; kConflict when the name exists.
  Status Create(const std::string& collection, std::string_view object_json);
  // 404 is a success.
  Status Delete(const std::string& path);

 private:
  HttpTransport& transport_;
};

// "/api/v1/namespaces/NS/configmaps/NAME" and the like; names come from the API, so are URL-safe.
std::string ConfigMapPath(std::string_view ns, std::string_view name);
std::string SecretPath(std::string_view ns, std::string_view name);
std::string TargetStatusPath(std::string_view ns, std::string_view name);
std::string WebhookConfigurationPath(std::string_view name);

}  // namespace telltale
