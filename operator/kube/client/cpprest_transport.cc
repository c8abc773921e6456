// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/cpprest_transport.h"

#include <cpprest/http_client.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "common/base/strings.h"
#include "common/net/tls_context.h"
#include "operator/kube/client/cpprest_body.h"
#include "operator/kube/client/dead_peer.h"
#include "operator/kube/client/exchange.h"
#include "operator/kube/client/transport_error.h"
#include "operator/kube/config/credentials.h"

namespace telltale {
namespace {

namespace asio_ssl = boost::asio::ssl;
namespace streams = concurrency::streams;
using boost::asio::ip::tcp;
using web::http::http_request;
using web::http::http_response;
using web::http::client::http_client;
using web::http::client::http_client_config;

// JsonParser reads no more than this.
constexpr std::size_t kMaxBody = 64u << 20;
constexpr std::size_t kMaxErrorBody = 64u << 10;
// The library's timer only ends requests that we abandoned; Exchange keeps the real deadlines.
constexpr std::chrono::minutes kLibraryTimeout{10};

// One thread for the library, and every cancellation posted to it: the library closes a socket
// under an operation of another thread (cpprestsdk issues 1109, 1480, 1491), which cannot happen
// when there is no other thread. Reading and decoding need less than one core at 40,000 pod
// events a second.
void StartLibrary() {
  static std::once_flag once;
  std::call_once(once, [] { crossplat::threadpool::initialize_with_threads(1); });
}

// The library shows a socket before it is opened, when it does not know yet whether for IPv4 or
// IPv6. Of an IPv4 address (which is what a pod is told) we do; of a name we wait until the
// connection is used again. (With a proxy the library shows sockets and TLS streams without saying
// which, so that there this is not used.)
void WatchPeer(tcp::socket& socket, bool is_ipv4) {
  boost::system::error_code ignored;
  if (!socket.is_open() && is_ipv4) socket.open(tcp::v4(), ignored);
  if (socket.is_open()) NoticeDeadPeer(socket.native_handle());
}

std::string TlsReason(int code) {
  const char* reason = ERR_reason_error_string(static_cast<unsigned int>(code));
  return reason != nullptr ? reason : "";
}

std::string ServerUrl(const KubeConfig& config) {
  const Url& url = config.server;
  // Through a proxy the library does not know the default port.
  return (url.tls ? "https://" : "http://") +
         (config.proxy ? url.host + ":" + std::to_string(url.port) : url.HostHeader()) +
         (url.target == "/" ? "" : url.target);
}

class CpprestTransport final : public HttpTransport {
 public:
  CpprestTransport(KubeConfig config, std::function<void()> bad_files, Clock& clock)
      : config_(std::move(config)),
        server_(ServerUrl(config_)),
        credentials_(config_, std::move(bad_files), clock) {}

  // Makes the first client; kInvalid when that cannot be.
  Status Prepare();

  Result<ApiResponse> Call(const ApiRequest& request) override {
    return Send(request, std::make_shared<Exchange>(std::nullopt, kMaxBody), /*stream=*/false);
  }
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override {
    return Send(request, std::make_shared<Exchange>(sink, kMaxErrorBody), /*stream=*/true);
  }
  void Cancel() override;

 private:
  // A client of the library has its own pool of connections, all made with one TlsIdentity.
  using Client = std::shared_ptr<http_client>;

  Result<Client> MakeClient(const TlsIdentity& identity) const;
  http_client_config ClientConfig(const TlsContext& context) const;
  Result<Client> ClientOf(const std::shared_ptr<const TlsIdentity>& identity);
  http_request Message(const ApiRequest& request, const Identity& identity) const;
  Result<ApiResponse> Send(const ApiRequest& request, std::shared_ptr<Exchange> exchange,
                           bool stream);
  Status Start(const ApiRequest& request, const Identity& identity,
               const std::shared_ptr<Exchange>& exchange, const pplx::cancellation_token& token);
  Error Explain(Error error, const ApiRequest& request, bool stream) const;
  bool Enter(Exchange* exchange);
  void Leave(Exchange* exchange);

  const KubeConfig config_;
  const std::string server_;
  Credentials credentials_;
  std::mutex mutex_;  // guards all below
  std::shared_ptr<const TlsIdentity> client_identity_;
  Client client_;
  std::set<Exchange*> under_way_;
  bool cancelled_ = false;
};

http_client_config CpprestTransport::ClientConfig(const TlsContext& context) const {
  http_client_config options;
  options.set_timeout(kLibraryTimeout);
  // A redirect would take the token to another host.
  options.set_max_redirects(0);
  if (config_.proxy) {
    web::web_proxy proxy(
        web::uri("http://" + JoinHostPort(config_.proxy->host, config_.proxy->port)));
    if (!config_.proxy->username.empty() || !config_.proxy->password.empty()) {
      proxy.set_credentials(web::credentials(config_.proxy->username, config_.proxy->password));
    }
    options.set_proxy(proxy);
  } else {
    boost::system::error_code no_address;
    boost::asio::ip::make_address_v4(config_.server.host, no_address);
    options.set_nativehandle_options(
        [tls = config_.server.tls, is_ipv4 = !no_address](void* shown) {
          if (tls) {
            WatchPeer(static_cast<asio_ssl::stream<tcp::socket&>*>(shown)->next_layer(), is_ipv4);
          } else {
            WatchPeer(*static_cast<tcp::socket*>(shown), is_ipv4);
          }
        });
  }
  if (!context) return options;
  options.set_validate_certificates(!config_.insecure_skip_verify);
  options.set_tlsext_sni_enabled(false);  // the context does it
  options.set_ssl_context_callback([context](asio_ssl::context& library) {
    SSL_CTX_up_ref(context.get());
    library = asio_ssl::context(context.get());
  });
  return options;
}

Result<CpprestTransport::Client> CpprestTransport::MakeClient(const TlsIdentity& identity) const {
  TlsContext context;
  if (config_.server.tls) {
    TELLTALE_TRY(CheckTlsIdentity(identity));
    TlsClientOptions options;
    options.ca_pem = identity.ca;
    options.certificate_pem = identity.certificate;
    options.private_key_pem = identity.key;
    options.insecure_skip_verify = config_.insecure_skip_verify;
    auto made = MakeClientTlsContext(options);
    if (!made.ok()) return Context("setting up TLS for the API server", made.error());
    context = std::move(*made);
    TELLTALE_TRY(ExpectServerAlways(
        context, config_.tls_server_name.empty() ? config_.server.host : config_.tls_server_name));
  }
  try {
    StartLibrary();
    return std::make_shared<http_client>(web::uri(server_), ClientConfig(context));
  } catch (const std::exception& e) {
    return Fail(Code::kInvalid,
                "the API server's address " + server_ + " cannot be used: " + e.what());
  }
}

Status CpprestTransport::Prepare() {
  if (config_.exec) {
    // Is not run before it is needed.
    return config_.server.tls ? CheckTlsIdentity({config_.ca_pem, "", ""}) : Status();
  }
  auto identity = credentials_.Get();
  if (!identity.ok()) return {};  // a token file that comes later, say
  auto client = ClientOf(identity->tls);
  return client.ok() ? Status() : Status(client.error());
}

// Old connections are not used for new requests any more when the identity has changed; streams
// that are under way keep theirs, and the library with it.
Result<CpprestTransport::Client> CpprestTransport::ClientOf(
    const std::shared_ptr<const TlsIdentity>& identity) {
  std::lock_guard lock(mutex_);
  if (client_ && client_identity_ == identity) return client_;
  auto made = MakeClient(*identity);
  if (!made.ok()) return made;
  client_ = *made;
  client_identity_ = identity;
  return made;
}

bool CpprestTransport::Enter(Exchange* exchange) {
  std::lock_guard lock(mutex_);
  if (!cancelled_) under_way_.insert(exchange);
  return !cancelled_;
}

void CpprestTransport::Leave(Exchange* exchange) {
  std::lock_guard lock(mutex_);
  under_way_.erase(exchange);
}

void CpprestTransport::Cancel() {
  credentials_.Cancel();
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (Exchange* exchange : under_way_) exchange->Cancel();
}

Result<ApiResponse> CpprestTransport::Send(const ApiRequest& request,
                                           std::shared_ptr<Exchange> exchange, bool stream) {
  if (!Enter(exchange.get())) return Explain(Fail(Code::kCancelled, ""), request, stream);
  pplx::cancellation_token_source cancellation;
  auto identity = credentials_.Get();
  Status started = identity.ok() ? Start(request, *identity, exchange, cancellation.get_token())
                                 : Status(identity.error());
  Result<ApiResponse> response =
      started.ok() ? exchange->Wait(request.timeout) : Result<ApiResponse>(started.error());
  Leave(exchange.get());
  if (!response.ok()) {
    if (response.error().code == Code::kUnavailable) credentials_.Doubt();
    // The request may still be under way.
    crossplat::threadpool::shared_instance().service().post(
        [cancellation] { cancellation.cancel(); });
    return Explain(response.error(), request, stream);
  }
  if (response->status == 401) credentials_.Rejected(*identity);
  return response;
}

// Seconds, as client-go: the API server never sends a date.
int RetryAfter(const http_response& response) {
  const auto& headers = response.headers();
  const auto found = headers.find("Retry-After");
  if (found == headers.end()) return 0;
  return static_cast<int>(std::clamp<std::int64_t>(ParseInt(found->second).value_or(0), 0, 60));
}

// Catches what a task of the library ended with, so that nothing is thrown past this file.
std::optional<Error> ErrorOf(const std::string& server, const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const web::http::http_exception& e) {
    const int code = e.error_code().value();
    return DescribeTransportError(server, e.what(), code, TlsReason(code));
  } catch (const std::exception& e) {
    return DescribeTransportError(server, e.what(), 0, "");
  }
}

http_request CpprestTransport::Message(const ApiRequest& request, const Identity& identity) const {
  http_request message(request.method);
  message.set_request_uri(web::uri(request.target));
  message.headers().add("User-Agent", "telltale-operator/0.1.0");
  message.headers().add("Accept", "application/json");
  if (!identity.authorization.empty()) {
    message.headers().add("Authorization", identity.authorization);
  }
  for (const auto& [name, value] : config_.impersonate) message.headers().add(name, value);
  if (!request.body.empty()) message.set_body(request.body, request.content_type);
  return message;
}

Status CpprestTransport::Start(const ApiRequest& request, const Identity& identity,
                               const std::shared_ptr<Exchange>& exchange,
                               const pplx::cancellation_token& token) {
  auto client = ClientOf(identity.tls);
  if (!client.ok()) return client.error();
  try {
    http_request message = Message(request, identity);
    auto buffer = std::make_shared<PushBuffer>(exchange);
    message.set_response_stream(streams::streambuf<uint8_t>(buffer).create_ostream());

    const std::string server = server_;
    (*client)
        ->request(message, token)
        .then([exchange, buffer](http_response response) {
          exchange->Head(response.status_code(), RetryAfter(response));
          buffer->HeadKnown();
          return response.content_ready();
        })
        .then([exchange, server](const pplx::task<http_response>& task) {
          try {
            task.get();
            exchange->Done(std::nullopt);
          } catch (...) {
            exchange->Done(ErrorOf(server, std::current_exception()));
          }
        });
    return {};
  } catch (const std::exception& e) {
    return Fail(Code::kInvalid,
                request.method + " " + request.target + " cannot be sent: " + e.what());
  }
}

Error CpprestTransport::Explain(Error error, const ApiRequest& request, bool stream) const {
  if (!error.message.empty()) return error;
  const std::string what = request.method + " " + request.target;
  switch (error.code) {
    case Code::kTimeout:
      return DescribeTimeout(server_, request.timeout, stream);
    case Code::kCancelled:
      return Fail(error.code, what + ": cancelled");
    default:
      return Fail(error.code,
                  what + ": the answer has more than " + std::to_string(kMaxBody >> 20) + " MiB");
  }
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> MakeCpprestTransport(KubeConfig config,
                                                            const TransportOptions& options) {
  if (config.server.host.find(':') != std::string::npos) {
    return Fail(Code::kInvalid, "the API server's address " + config.server.HostHeader() +
                                    " is an IPv6 literal, which cannot be dialled: use a host "
                                    "name, such as kubernetes.default.svc");
  }
  std::function<void()> bad_files;
  if (options.metrics != nullptr) {
    Counter& bad = options.metrics->AddCounter(
        "telltale_api_certificate_errors_total",
        "Times that the API server's authority or our client certificate could not be used as it "
        "was on disk, so that the old one was kept.");
    bad_files = [&bad] { bad.Add(); };
  }
  auto transport =
      std::make_unique<CpprestTransport>(std::move(config), std::move(bad_files), options.clock);
  TELLTALE_TRY(transport->Prepare());
  return std::unique_ptr<HttpTransport>(std::move(transport));
}

}  // namespace telltale
