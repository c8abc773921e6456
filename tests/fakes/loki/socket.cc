// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/loki/socket.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace telltale {

LokiSocket::~LokiSocket() {
  ssl_.reset();
  close(fd_);
}

bool LokiSocket::Handshake(const TlsContext& context) {
  if (ends_after_ == 0) {
    Reset();
    return false;
  }
  if (!context) return true;
  ssl_.reset(SSL_new(context.get()));
  SSL_set_fd(ssl_.get(), fd_);
  const bool done = SSL_accept(ssl_.get()) == 1;
  ERR_clear_error();
  return done;
}

std::string LokiSocket::ClientName() const {
  if (!ssl_) return "";
  X509* certificate = SSL_get1_peer_certificate(ssl_.get());
  if (certificate == nullptr) return "";
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
  X509_free(certificate);
  return name;
}

std::size_t LokiSocket::Read(char* data, std::size_t size) {
  if (ends_after_ >= 0) {
    if (ends_after_ == 0) {
      Reset();
      return 0;
    }
    size = std::min(size, static_cast<std::size_t>(ends_after_));
  }
  ssize_t n = 0;
  if (ssl_) {
    n = SSL_read(ssl_.get(), data, static_cast<int>(size));
    ERR_clear_error();
  } else {
    n = recv(fd_, data, size, 0);
  }
  if (n <= 0) return 0;
  if (ends_after_ > 0) ends_after_ -= n;
  return static_cast<std::size_t>(n);
}

bool LokiSocket::Write(std::string_view text) {
  while (!text.empty()) {
    ssize_t n = 0;
    if (ssl_) {
      n = SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
      ERR_clear_error();
    } else {
      n = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    }
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void LokiSocket::Reset() {
  const linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void LokiSocket::Shutdown() { shutdown(fd_, SHUT_RDWR); }

}  // namespace telltale
