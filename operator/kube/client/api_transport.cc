// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/api_transport.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/strings.h"
#include "common/net/http/http_client.h"
#include "common/net/tls/tls_context.h"
#include "operator/kube/client/transport_error.h"
#include "operator/kube/config/credentials.h"

namespace telltale {
namespace {

// JsonParser reads no more than this.
constexpr std::size_t kMaxBody = 64u << 20;
// The API server writes each event of a watch by itself; read one by one, five thousand a second
// would cost more in system calls than in everything that is done with them.
constexpr std::chrono::milliseconds kStreamPause{4};

class ApiTransport final : public HttpTransport {
 public:
  ApiTransport(KubeConfig config, std::function<void()> bad_files, Clock& clock)
      : config_(std::move(config)),
        server_((config_.server.tls ? "https://" : "http://") + config_.server.HostHeader()),
        credentials_(config_, std::move(bad_files), clock) {}

  // kInvalid when what is known of the identity cannot be used.
  Status Prepare();

  Result<ApiResponse> Call(const ApiRequest& request) override {
    return Send(request, /*stream=*/false, [&](HttpClient& client, const HttpRequest& message) {
      return client.Send(message, request.timeout);
    });
  }
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override {
    return Send(request, /*stream=*/true, [&](HttpClient& client, const HttpRequest& message) {
      StreamLimits limits{.silence = request.timeout, .pause = kStreamPause};
      return client.Stream(message, limits, [&](std::string_view piece) {
        const bool more = sink(piece);
        limits.silence = request.timeout;
        return more;
      });
    });
  }
  void Cancel() override;

 private:
  using Line = std::unique_ptr<HttpClient>;

  Result<TlsContext> ContextOf(const TlsIdentity& identity) const;
  Status Use(const std::shared_ptr<const TlsIdentity>& identity) REQUIRES(mutex_);
  Result<Line> Take(const std::shared_ptr<const TlsIdentity>& identity);
  void Return(Line line, const std::shared_ptr<const TlsIdentity>& identity);
  HttpRequest Message(const ApiRequest& request, const Identity& identity) const;
  template <class Exchange>
  Result<ApiResponse> Send(const ApiRequest& request, bool stream, Exchange exchange);
  Error Explain(const Error& error, HttpStage stage, const ApiRequest& request, bool stream) const;
  Error Cancelled(const ApiRequest& request) const {
    return Fail(Code::kCancelled, request.method + " " + request.target + ": cancelled");
  }

  const KubeConfig config_;
  const std::string server_;
  Credentials credentials_;
  Mutex mutex_;
  // With which the lines in idle_ were made.
  std::shared_ptr<const TlsIdentity> identity_ GUARDED_BY(mutex_);
  TlsContext context_ GUARDED_BY(mutex_);  // of identity_
  std::vector<Line> idle_ GUARDED_BY(mutex_);
  std::set<HttpClient*> under_way_ GUARDED_BY(mutex_);
  bool cancelled_ GUARDED_BY(mutex_) = false;
};

Result<TlsContext> ApiTransport::ContextOf(const TlsIdentity& identity) const {
  if (!config_.server.tls) return TlsContext();
  TELLTALE_TRY(CheckTlsIdentity(identity));
  auto made = MakeClientTlsContext(identity, config_.insecure_skip_verify);
  if (!made.ok()) return Context("setting up TLS for the API server", made.error());
  return made;
}

Status ApiTransport::Prepare() {
  if (config_.exec) {
    // Is not run before it is needed.
    return config_.server.tls ? CheckTlsIdentity({config_.ca_pem, "", ""}) : Status();
  }
  auto identity = credentials_.Get();
  if (!identity.ok()) return {};  // a token file that comes later, say
  MutexLock lock(mutex_);
  return Use(identity->tls);
}

// Old connections are not used for new requests any more when the identity has changed; what is
// under way on them goes on.
Status ApiTransport::Use(const std::shared_ptr<const TlsIdentity>& identity) {
  if (identity_ == identity) return {};
  auto made = ContextOf(*identity);
  if (!made.ok()) return made.error();
  context_ = std::move(*made);
  identity_ = identity;
  idle_.clear();
  return {};
}

Result<ApiTransport::Line> ApiTransport::Take(const std::shared_ptr<const TlsIdentity>& identity) {
  MutexLock lock(mutex_);
  if (cancelled_) return Fail(Code::kCancelled, "");
  TELLTALE_TRY(Use(identity));
  Line line;
  if (!idle_.empty()) {
    line = std::move(idle_.back());
    idle_.pop_back();
  } else {
    HttpClientOptions options;
    options.server = config_.server;
    options.tls = {context_, config_.tls_server_name, config_.insecure_skip_verify};
    options.proxy = config_.proxy;
    options.max_response = kMaxBody;
    options.user_agent = "telltale-operator/0.1.0";
    line = std::make_unique<HttpClient>(std::move(options));
  }
  under_way_.insert(line.get());
  return line;
}

void ApiTransport::Return(Line line, const std::shared_ptr<const TlsIdentity>& identity) {
  MutexLock lock(mutex_);
  under_way_.erase(line.get());
  if (identity_ == identity && !cancelled_) idle_.push_back(std::move(line));
}

void ApiTransport::Cancel() {
  credentials_.Cancel();
  MutexLock lock(mutex_);
  cancelled_ = true;
  for (HttpClient* client : under_way_) client->Cancel();
}

// Seconds, as client-go: the API server never sends a date.
int RetryAfter(const HttpResponse& response) {
  const std::string* value = FindHeader(response.headers, "Retry-After");
  if (value == nullptr) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(ParseInt(*value).value_or(0), 0, 60));
}

HttpRequest ApiTransport::Message(const ApiRequest& request, const Identity& identity) const {
  const std::string& prefix = config_.server.target;
  HttpRequest message;
  message.method = request.method;
  message.target = (prefix == "/" ? "" : prefix) + request.target;
  message.headers = {{"Accept", "application/json"}};
  if (!identity.authorization.empty()) {
    message.headers.emplace_back("Authorization", identity.authorization);
  }
  message.headers.insert(message.headers.end(), config_.impersonate.begin(),
                         config_.impersonate.end());
  if (!request.body.empty()) message.headers.emplace_back("Content-Type", request.content_type);
  message.body = request.body;
  return message;
}

template <class Exchange>
Result<ApiResponse> ApiTransport::Send(const ApiRequest& request, bool stream, Exchange exchange) {
  auto identity = credentials_.Get();
  if (!identity.ok()) return identity.error();
  auto line = Take(identity->tls);
  if (!line.ok()) {
    return line.error().code == Code::kCancelled ? Cancelled(request) : line.error();
  }
  auto response = exchange(**line, Message(request, *identity));
  const HttpStage stage = (*line)->stage();
  Return(std::move(*line), identity->tls);
  if (!response.ok()) {
    if (response.error().code == Code::kUnavailable) credentials_.Doubt();
    return Explain(response.error(), stage, request, stream);
  }
  if (response->status == 401) credentials_.Rejected(*identity);
  return ApiResponse{response->status, std::move(response->body), RetryAfter(*response)};
}

Error ApiTransport::Explain(const Error& error, HttpStage stage, const ApiRequest& request,
                            bool stream) const {
  switch (error.code) {
    case Code::kCancelled:
      return Cancelled(request);
    case Code::kTooLarge:
      return Fail(error.code, request.method + " " + request.target +
                                  ": the answer has more than " + std::to_string(kMaxBody >> 20) +
                                  " MiB");
    case Code::kTimeout:
      if (stage >= HttpStage::kRequest) return DescribeTimeout(server_, request.timeout, stream);
      break;
    case Code::kUnavailable:
      break;
    default:
      return error;
  }
  return DescribeTransportError(server_, stage, config_.proxy.has_value(), error);
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> MakeApiTransport(KubeConfig config,
                                                        const TransportOptions& options) {
  std::function<void()> bad_files;
  if (options.metrics != nullptr) {
    Counter& bad = options.metrics->AddCounter(
        "telltale_api_certificate_errors_total",
        "Times that the API server's authority or our client certificate could not be used as it "
        "was on disk, so that the old one was kept.");
    bad_files = [&bad] { bad.Add(); };
  }
  auto transport =
      std::make_unique<ApiTransport>(std::move(config), std::move(bad_files), options.clock);
  TELLTALE_TRY(transport->Prepare());
  return std::unique_ptr<HttpTransport>(std::move(transport));
}

}  // namespace telltale
