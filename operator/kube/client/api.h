// SPDX-License-Identifier: Apache-2.0
//
// The writes and single reads that the controllers, the elector and the event recorder need, as
// functions over a transport; blocking, thread-safe. HTTP statuses become Codes: 404 kNotFound,
// 409 kConflict, 401/403 kPermission, 400/422 kInvalid, 429/5xx kUnavailable; the message is the
// Status object's.
//
// Nothing is retried and nothing sleeps here: that is the caller's queue. But a server that answers
// 429 or 503 with Retry-After is not asked again before that time: calls until then are
// kUnavailable and send nothing.
//
// Every write may reach the server twice: HttpClient sends a request again, POST included,
// when the kept connection turns out to be closed, and a timeout does not say whether the server
// did it. So names are fixed (never generateName), the server knows the second one by its
// resourceVersion or by AlreadyExists, and the rest are whole intents.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"
#include "operator/kube/client/transport.h"

namespace telltale {

inline constexpr std::string_view kFieldManager = "telltale-operator";

struct ApiOptions {
  // Asked before each write; while it is false they are kCancelled and send nothing (no leader, no
  // writes). Called from the writing threads.
  std::function<bool()> may_write = {};
  // Of one request, as the elector wants it shorter.
  std::chrono::milliseconds timeout{30'000};
};

// What an object must still be to be deleted; empty: anything. kConflict when it is not.
struct DeleteOnly {
  std::string_view uid, resource_version;
};

class Api {
 public:
  explicit Api(HttpTransport& transport, std::function<bool()> may_write = {})
      : Api(transport, ApiOptions{.may_write = std::move(may_write)}, RealClock()) {}
  Api(HttpTransport& transport, ApiOptions options, Clock& clock)
      : transport_(transport), options_(std::move(options)), clock_(clock) {}

  // The JSON body of an object, or kNotFound.
  Result<std::string> Get(const std::string& path);
  // Server-side apply with our field manager and force=true: the whole intent, every time
  // (Kubernetes docs "Server-Side Apply"). `path` is the object's, status subresource included.
  Status Apply(const std::string& path, std::string_view object_json);
  // POST to a collection; the object as it was stored. kConflict when the name exists: see
  // IsAlreadyExists (status_error.h).
  Result<std::string> Create(const std::string& collection, std::string_view object_json);
  // PUT of the whole object, which carries the resourceVersion it was read with; kConflict when
  // somebody else was faster. The object as it was stored.
  Result<std::string> Update(const std::string& path, std::string_view object_json);
  // JSON merge patch (RFC 7386): null removes, lists are replaced. The object as it was stored.
  Result<std::string> Patch(const std::string& path, std::string_view merge_json);
  // 404 is a success.
  Status Delete(const std::string& path, const DeleteOnly& only = {});

 private:
  Result<std::string> Write(ApiRequest request);
  Result<std::string> Send(ApiRequest request);
  void Wait(int seconds);

  HttpTransport& transport_;
  const ApiOptions options_;
  Clock& clock_;
  Mutex mutex_;
  SteadyTime not_before_ GUARDED_BY(mutex_){};  // what the server asked for
};

// "/api/v1/namespaces/NS/configmaps/NAME" and the like; names come from the API, so are URL-safe.
std::string ConfigMapPath(std::string_view ns, std::string_view name);
std::string SecretPath(std::string_view ns, std::string_view name);
std::string TargetStatusPath(std::string_view ns, std::string_view name);
std::string WebhookConfigurationPath(std::string_view name);
// coordination.k8s.io/v1 and events.k8s.io/v1: the collection is where Create posts to.
std::string LeaseCollection(std::string_view ns);
std::string LeasePath(std::string_view ns, std::string_view name);
std::string EventCollection(std::string_view ns);
std::string EventPath(std::string_view ns, std::string_view name);

}  // namespace telltale
