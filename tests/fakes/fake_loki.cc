// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/fake_loki.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/base/check.h"
#include "common/base/clock.h"
#include "common/net/tls/tls.h"
#include "tests/fakes/loki/request.h"

namespace telltale {
namespace {

constexpr std::int64_t kDay = 86'400;

template <class T>
T Must(Result<T> result) {
  TELLTALE_CHECK(result.ok());
  return std::move(*result);
}

std::int64_t Seconds() { return RealClock().WallNanos() / 1'000'000'000; }

}  // namespace

FakeLoki::FakeLoki(Options options)
    : options_(std::move(options)), store_(options_.limits), delay_(options_.delay) {
  signal(SIGPIPE, SIG_IGN);
  if (options_.tls) PrepareTls(options_.client_certificate);
  Listen();
}

FakeLoki::~FakeLoki() { GoDown(); }

void FakeLoki::PrepareTls(bool ask_for_certificate) {
  authority_ = Must(MakeAuthority("fake loki", Seconds(), kDay));
  tls_ = Must(MakeServerTlsContext(
      Must(MakeServerCertificate(authority_, {"localhost", "loki.example"}, Seconds(), kDay))));
  if (!ask_for_certificate) return;
  SSL_CTX* const raw = tls_.get();
  BIO* const bio = BIO_new_mem_buf(authority_.certificate.data(),
                                   static_cast<int>(authority_.certificate.size()));
  X509* const root = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  TELLTALE_CHECK(root != nullptr && X509_STORE_add_cert(SSL_CTX_get_cert_store(raw), root) == 1);
  X509_free(root);
  BIO_free(bio);
  // Our certificates are for servers; what they are for is not the point here.
  X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(raw), X509_PURPOSE_ANY);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::string FakeLoki::url() const {
  return (options_.tls ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
}

std::string FakeLoki::ca_pem() const { return authority_.certificate; }

KeyPair FakeLoki::MakeClientPair(const std::string& name) const {
  return Must(MakeServerCertificate(authority_, {name}, Seconds(), kDay));
}

void FakeLoki::Listen() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port_);
  socklen_t size = sizeof(address);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  TELLTALE_CHECK(bind(listener_, any, size) == 0 && listen(listener_, 1024) == 0);
  TELLTALE_CHECK(getsockname(listener_, any, &size) == 0);
  port_ = ntohs(address.sin_port);
  stop_ = false;
  thread_ = std::thread([this] { Run(); });
}

void FakeLoki::GoDown() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    shutdown(listener_, SHUT_RDWR);
    for (Client& client : clients_) {
      if (client.socket) client.socket->Shutdown();
    }
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  if (listener_ >= 0) close(std::exchange(listener_, -1));
  Reap(true);
}

void FakeLoki::ComeBack() { Listen(); }

void FakeLoki::Reap(bool all) {
  std::list<Client> ended;
  {
    std::lock_guard lock(mutex_);
    for (auto it = clients_.begin(); it != clients_.end();) {
      auto next = std::next(it);
      if (all || it->done) ended.splice(ended.end(), clients_, it);
      it = next;
    }
  }
  for (Client& client : ended) client.thread.join();
}

void FakeLoki::Run() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    Reap(false);
    std::lock_guard lock(mutex_);
    if (stop_) {
      if (fd >= 0) close(fd);
      return;
    }
    if (fd < 0) continue;
    const std::int64_t ends = faults_ ? faults_->ConnectionEnds(connection_count_) : -1;
    ++connection_count_;
    Client& client = clients_.emplace_back();
    client.socket = std::make_shared<LokiSocket>(fd, ends);
    client.thread = std::thread([this, &client, socket = client.socket] {
      if (socket->Handshake(tls_)) Serve(*socket);
      std::lock_guard done_lock(mutex_);
      client.done = true;
      client.socket.reset();
    });
  }
}

void FakeLoki::Serve(LokiSocket& socket) {
  if (options_.tls) {
    std::lock_guard lock(mutex_);
    client_names_.push_back(socket.ClientName());
  }
  std::string buffer;
  while (true) {
    Push push;
    if (!ReadLokiRequest(socket, buffer, push)) return;
    const bool is_push = !push.target.starts_with("GET ");
    const bool keep = Answer(socket, Take(std::move(push)));
    if (is_push) {
      std::lock_guard lock(mutex_);
      --in_flight_;
    }
    if (!keep) return;
  }
}

FakeLoki::Reply FakeLoki::Choose(const Push& push, std::unique_lock<std::mutex>& lock) {
  if (!authorization_.empty() && push.Header("authorization") != authorization_) {
    return {.status = 401, .body = "the credentials are wrong\n"};
  }
  if (options_.tenants && push.tenant.empty()) return {.status = 401, .body = "no org id\n"};
  if (!script_.empty()) {
    Reply reply = script_.front();
    script_.pop_front();
    return reply;
  }
  if (handler_) {
    const auto handler = handler_;
    lock.unlock();
    Reply reply = handler(push);
    lock.lock();
    return reply;
  }
  return faults_ ? faults_->ReplyTo(push_count_, push) : default_;
}

void FakeLoki::Condemn(const Push& push, const Reply& reply) {
  std::size_t at = 0;
  for (const LokiStream* stream : push.streams()) {
    for (const Entry& entry : stream->entries) {
      if (at >= reply.refuse_from && at < reply.refuse_from + reply.refuse) {
        store_.Condemn(push.tenant, stream->labels, entry);
      }
      ++at;
    }
  }
}

FakeLoki::Reply FakeLoki::Take(Push push) {
  if (push.target.starts_with("GET ")) return Query(push.target.substr(4));
  std::unique_lock lock(mutex_);
  most_in_flight_ = std::max(most_in_flight_, ++in_flight_);
  Reply reply = Choose(push, lock);
  reply.delay += delay_;
  const std::string sent_tenant = push.tenant;
  if (!options_.tenants) push.tenant = "fake";
  const bool well = !reply.verbatim && (reply.status == 200 || reply.status == 204);
  Condemn(push, reply);
  // Without an answer the client cannot know, but what is there is there.
  const bool silent = reply.then != Reply::Then::kKeep && reply.then != Reply::Then::kDrip;
  if (reply.store || (well && !silent)) {
    const std::int64_t now = options_.now ? options_.now() : RealClock().WallNanos();
    LokiStore::Verdict verdict = store_.Push(push, now, reply.limited_stream);
    if (well && verdict.status != 204) {
      reply.status = verdict.status;
      reply.body = std::move(verdict.body);
    }
  }
  push.tenant = sent_tenant;
  ++push_count_;
  if (keep_pushes_) pushes_.push_back(std::move(push));
  changed_.notify_all();
  return reply;
}

// False when the connection is to be closed.
bool FakeLoki::Answer(LokiSocket& socket, const Reply& reply) const {
  if (reply.delay.count() > 0) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, reply.delay, [&] { return stop_; })) return false;
  }
  std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Text\r\n" + reply.headers;
  if (reply.status != 204) text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  text += "\r\n" + reply.body;
  switch (reply.then) {
    case Reply::Then::kKeep:
      return socket.Write(text);
    case Reply::Then::kCloseMidResponse:
      socket.Write(text.substr(0, 12));
      return false;
    case Reply::Then::kCloseMidBody:
      socket.Write(text.substr(0, text.size() - 1));
      return false;
    case Reply::Then::kCloseWithoutResponse:
      return false;
    case Reply::Then::kReset:
      socket.Reset();
      return false;
    case Reply::Then::kGarbage:
      socket.Write("\x16\x03\x01 this is no HTTP\r\n\r\n");
      return false;
    case Reply::Then::kHang: {
      char byte;
      while (socket.Read(&byte, 1) > 0) {
      }
      return false;
    }
    case Reply::Then::kDrip:
      for (const char c : text) {
        if (!socket.Write(std::string_view(&c, 1))) return false;
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, reply.drip, [&] { return stop_; })) return false;
      }
      return true;
  }
  return false;
}

}  // namespace telltale
