// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/client/cpprest_transport.h"

#include <cpprest/http_client.h>
#include <openssl/err.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <utility>

#include "common/base/strings.h"
#include "operator/kube/client/exchange.h"
#include "operator/kube/client/transport_error.h"
#include "operator/kube/config/token_source.h"

namespace telltale {
namespace {

namespace asio_ssl = boost::asio::ssl;
namespace streams = concurrency::streams;
using web::http::http_request;
using web::http::http_response;

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

// Takes the body of an answer. The library reads on only when putn_nocopy is done, so a slow sink
// is felt by the server and not by our memory. putn_nocopy and close replace those of the base
// class, which wait on the library's thread for the library's thread when a write fails.
class PushBuffer final : public streams::details::streambuf_state_manager<uint8_t> {
 public:
  explicit PushBuffer(std::shared_ptr<Exchange> exchange)
      : streambuf_state_manager(std::ios_base::out), exchange_(std::move(exchange)) {}

  // The first pieces may come before the continuation that sees the status; they wait for it.
  void HeadKnown() {
    head_known_ = true;
    head_.set();
  }

  pplx::task<std::size_t> putn_nocopy(const uint8_t* bytes, std::size_t count) override {
    return _putn(bytes, count);
  }
  pplx::task<void> close(std::ios_base::openmode) override { return pplx::task_from_result(); }
  pplx::task<void> close(std::ios_base::openmode, std::exception_ptr) override {
    return pplx::task_from_result();
  }

  bool can_seek() const override { return false; }
  bool has_size() const override { return false; }
  std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
  void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
  std::size_t in_avail() const override { return 0; }
  pos_type getpos(std::ios_base::openmode) const override { return pos_type(traits::eof()); }
  pos_type seekpos(pos_type, std::ios_base::openmode) override { return pos_type(traits::eof()); }
  pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
    return pos_type(traits::eof());
  }
  bool acquire(uint8_t*&, std::size_t&) override { return false; }
  void release(uint8_t*, std::size_t) override {}

 protected:
  pplx::task<std::size_t> _putn(const uint8_t* bytes, std::size_t count) override {
    if (head_known_) return Push(bytes, count);
    auto self = std::static_pointer_cast<PushBuffer>(shared_from_this());
    return pplx::create_task(head_).then([self, bytes, count] { return self->Push(bytes, count); });
  }
  pplx::task<int_type> _putc(uint8_t byte) override {
    auto self = std::static_pointer_cast<PushBuffer>(shared_from_this());
    auto copy = std::make_shared<uint8_t>(byte);
    return _putn(copy.get(), 1).then([self, copy](std::size_t) { return int_type{*copy}; });
  }
  pplx::task<bool> _sync() override { return pplx::task_from_result(true); }
  uint8_t* _alloc(std::size_t) override { return nullptr; }
  void _commit(std::size_t) override {}

  pplx::task<int_type> _bumpc() override { return NoInput(); }
  int_type _sbumpc() override { return traits::eof(); }
  pplx::task<int_type> _getc() override { return NoInput(); }
  int_type _sgetc() override { return traits::eof(); }
  pplx::task<int_type> _nextc() override { return NoInput(); }
  pplx::task<int_type> _ungetc() override { return NoInput(); }
  pplx::task<std::size_t> _getn(uint8_t*, std::size_t) override {
    return pplx::task_from_result(std::size_t{0});
  }
  std::size_t _scopy(uint8_t*, std::size_t) override { return 0; }

 private:
  static pplx::task<int_type> NoInput() { return pplx::task_from_result(int_type{traits::eof()}); }

  // An exception is how the library is told to stop reading; it closes the connection.
  pplx::task<std::size_t> Push(const uint8_t* bytes, std::size_t count) {
    if (exchange_->Piece({reinterpret_cast<const char*>(bytes), count})) {
      return pplx::task_from_result(count);
    }
    return pplx::task_from_exception<std::size_t>(std::runtime_error("no more wanted"));
  }

  const std::shared_ptr<Exchange> exchange_;
  std::atomic<bool> head_known_{false};
  pplx::task_completion_event<void> head_;
};

// What every connection is made with; shared with the library, which may outlive the transport.
struct Credentials {
  std::string ca_pem, certificate_pem, key_pem;
};

void SetUpTls(const Credentials& credentials, asio_ssl::context& context) {
  context.set_options(asio_ssl::context::no_tlsv1 | asio_ssl::context::no_tlsv1_1);
  if (!credentials.ca_pem.empty()) {
    // The library has put the system's roots in; a cluster is its own and only authority.
    SSL_CTX_set_cert_store(context.native_handle(), X509_STORE_new());
    context.add_certificate_authority(boost::asio::buffer(credentials.ca_pem));
  }
  if (credentials.certificate_pem.empty()) return;
  context.use_certificate_chain(boost::asio::buffer(credentials.certificate_pem));
  context.use_private_key(boost::asio::buffer(credentials.key_pem), asio_ssl::context::pem);
}

// The same as each connection will do, to find what is wrong before the first one.
Status TryTls(const Credentials& credentials) {
  const auto attempt = [](const Credentials& part, std::string_view complaint) -> Status {
    try {
      asio_ssl::context context(asio_ssl::context::tls_client);
      SetUpTls(part, context);
      return {};
    } catch (const std::exception& e) {
      return Fail(Code::kInvalid, std::string(complaint) + " (" + e.what() + ")");
    }
  };
  TELLTALE_TRY(attempt({credentials.ca_pem, "", ""},
                       "the API server's certificate-authority is not a PEM certificate"));
  return attempt(credentials,
                 "the client-certificate and client-key for the API server are not PEM or do not "
                 "belong together");
}

std::string TlsReason(int code) {
  const char* reason = ERR_reason_error_string(static_cast<unsigned int>(code));
  return reason != nullptr ? reason : "";
}

class CpprestTransport final : public HttpTransport {
 public:
  CpprestTransport(const KubeConfig& config, std::string server,
                   web::http::client::http_client_config options)
      : server_(std::move(server)),
        token_(config.token, config.token_file),
        client_(web::uri(server_), std::move(options)) {}

  Result<ApiResponse> Call(const ApiRequest& request) override {
    return Send(request, std::make_shared<Exchange>(std::nullopt, kMaxBody), /*stream=*/false);
  }
  Result<ApiResponse> Stream(const ApiRequest& request,
                             FunctionRef<bool(std::string_view)> sink) override {
    return Send(request, std::make_shared<Exchange>(sink, kMaxErrorBody), /*stream=*/true);
  }
  void Cancel() override;

 private:
  Result<ApiResponse> Send(const ApiRequest& request, std::shared_ptr<Exchange> exchange,
                           bool stream);
  Status Start(const ApiRequest& request, const std::shared_ptr<Exchange>& exchange,
               const pplx::cancellation_token& token);
  Error Explain(Error error, const ApiRequest& request, bool stream) const;
  bool Enter(Exchange* exchange);
  void Leave(Exchange* exchange);

  const std::string server_;
  TokenSource token_;
  web::http::client::http_client client_;
  std::mutex mutex_;
  std::set<Exchange*> under_way_;  // guarded by mutex_
  bool cancelled_ = false;         // guarded by mutex_
};

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
  std::lock_guard lock(mutex_);
  cancelled_ = true;
  for (Exchange* exchange : under_way_) exchange->Cancel();
}

Result<ApiResponse> CpprestTransport::Send(const ApiRequest& request,
                                           std::shared_ptr<Exchange> exchange, bool stream) {
  if (!Enter(exchange.get())) return Explain(Fail(Code::kCancelled, ""), request, stream);
  pplx::cancellation_token_source cancellation;
  Status started = Start(request, exchange, cancellation.get_token());
  Result<ApiResponse> response =
      started.ok() ? exchange->Wait(request.timeout) : Result<ApiResponse>(started.error());
  Leave(exchange.get());
  if (!response.ok()) {
    // The request may still be under way.
    crossplat::threadpool::shared_instance().service().post(
        [cancellation] { cancellation.cancel(); });
    return Explain(response.error(), request, stream);
  }
  if (response->status == 401) token_.Rejected();
  return response;
}

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

Status CpprestTransport::Start(const ApiRequest& request, const std::shared_ptr<Exchange>& exchange,
                               const pplx::cancellation_token& token) {
  auto bearer = token_.Get();
  if (!bearer.ok()) return bearer.error();
  try {
    http_request message(request.method);
    message.set_request_uri(web::uri(request.target));
    message.headers().add("User-Agent", "telltale-operator/0.1.0");
    message.headers().add("Accept", "application/json");
    if (!bearer->empty()) message.headers().add("Authorization", "Bearer " + *bearer);
    if (!request.body.empty()) message.set_body(request.body, request.content_type);
    auto buffer = std::make_shared<PushBuffer>(exchange);
    message.set_response_stream(streams::streambuf<uint8_t>(buffer).create_ostream());

    const std::string server = server_;
    client_.request(message, token)
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

std::string ServerUrl(const Url& url) {
  return (url.tls ? "https://" : "http://") + url.HostHeader() +
         (url.target == "/" ? "" : url.target);
}

}  // namespace

Result<std::unique_ptr<HttpTransport>> MakeCpprestTransport(KubeConfig config) {
  const std::string server = ServerUrl(config.server);
  if (config.server.host.find(':') != std::string::npos) {
    return Fail(Code::kInvalid, "the API server's address " + server +
                                    " is an IPv6 literal, which cannot be dialled: use a host "
                                    "name, such as kubernetes.default.svc");
  }
  auto credentials = std::make_shared<const Credentials>(
      Credentials{config.ca_pem, config.client_certificate_pem, config.client_key_pem});
  if (config.server.tls) TELLTALE_TRY(TryTls(*credentials));
  try {
    StartLibrary();
    web::http::client::http_client_config options;
    options.set_timeout(kLibraryTimeout);
    // A redirect would take the token to another host.
    options.set_max_redirects(0);
    options.set_validate_certificates(!config.insecure_skip_verify);
    options.set_ssl_context_callback(
        [credentials](asio_ssl::context& context) { SetUpTls(*credentials, context); });
    return std::unique_ptr<HttpTransport>(
        std::make_unique<CpprestTransport>(config, server, std::move(options)));
  } catch (const std::exception& e) {
    return Fail(Code::kInvalid,
                "the API server's address " + server + " cannot be used: " + e.what());
  }
}

}  // namespace telltale
