// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/kube/client/tls_mirror.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "common/base/check.h"
#include "tests/unit/operator/kube/client/raw_server.h"

namespace telltale {
namespace {

void UsePair(SSL_CTX* context, const KeyPair& pair) {
  BIO* certificate = BIO_new_mem_buf(pair.certificate.data(), -1);
  BIO* key = BIO_new_mem_buf(pair.private_key.data(), -1);
  X509* x509 = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
  EVP_PKEY* pkey = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
  TELLTALE_CHECK(SSL_CTX_use_certificate(context, x509) == 1 &&
                 SSL_CTX_use_PrivateKey(context, pkey) == 1);
  X509_free(x509);
  EVP_PKEY_free(pkey);
  BIO_free(certificate);
  BIO_free(key);
}

std::string ClientName(const SSL* ssl) {
  X509* certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return "";
  std::array<char, 128> name{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                            name.size());
  X509_free(certificate);
  return name.data();
}

// The head of a request; empty when the peer is gone.
std::string ReadHead(SSL* ssl) {
  std::string head;
  std::array<char, 4096> buffer;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const int got = SSL_read(ssl, buffer.data(), static_cast<int>(buffer.size()));
    if (got <= 0) return "";
    head.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return head;
}

bool Write(SSL* ssl, const std::string& bytes) {
  return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

}  // namespace

struct TlsMirror::Context {
  SSL_CTX* handle = SSL_CTX_new(TLS_server_method());
  ~Context() { SSL_CTX_free(handle); }
};

TlsMirror::TlsMirror(const KeyPair& pair) : context_(std::make_unique<Context>()) {
  std::signal(SIGPIPE, SIG_IGN);
  UsePair(context_->handle, pair);
  SSL_CTX_set_verify(context_->handle, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  SSL_CTX_set_session_id_context(context_->handle, reinterpret_cast<const unsigned char*>("t"), 1);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  TELLTALE_CHECK(bind(listener_, generic, length) == 0 && listen(listener_, 16) == 0 &&
                 getsockname(listener_, generic, &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Run(); });
}

TlsMirror::~TlsMirror() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
  for (const int fd : open_) close(fd);
  close(listener_);
}

void TlsMirror::Run() {
  for (int number = 1; !stopping_; ++number) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd, number] { Serve(fd, number); });
  }
}

void TlsMirror::Serve(int fd, int number) {
  SSL* ssl = SSL_new(context_->handle);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1) {
    const char* sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    const std::string seen = "sni=" + std::string(sni != nullptr ? sni : "") +
                             " client=" + ClientName(ssl) + " connection=" + std::to_string(number);
    while (true) {
      const std::string head = ReadHead(ssl);
      if (head.empty()) break;
      const std::size_t host = head.find("\nHost: ");
      const std::string body =
          seen + " host=" + head.substr(host + 7, head.find('\r', host) - host - 7);
      const bool watch = head.starts_with("GET /watch");
      if (!Write(ssl,
                 watch ? std::string(kChunkedHead) + "1\r\n.\r\n" : PlainAnswer("200 OK", body))) {
        break;
      }
    }
  }
  ERR_clear_error();
  SSL_free(ssl);
  shutdown(fd, SHUT_RDWR);
}

}  // namespace telltale
