// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/server/channel.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/check.h"

namespace telltale {
namespace {

constexpr std::size_t kReadSize = 64 << 10;

}  // namespace

Channel::Channel(int fd, const TlsContext& tls) : fd_(fd), context_(tls) {
  if (!tls) {
    established_ = true;
    return;
  }
  ssl_ = SSL_new(tls.get());
  TELLTALE_CHECK(ssl_ != nullptr);
  SSL_set_fd(ssl_, fd);
  SSL_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_accept_state(ssl_);
}

Channel::~Channel() {
  SSL_free(ssl_);
  close(fd_);
}

Channel::Outcome Channel::Failed(int result) {
  const int error = SSL_get_error(ssl_, result);
  ERR_clear_error();
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? Outcome::kWouldBlock
                                                                       : Outcome::kClosed;
}

Channel::Outcome Channel::Handshake() {
  if (established_) return Outcome::kDone;
  const int result = SSL_do_handshake(ssl_);
  handshake_wants_write_ = result != 1 && SSL_get_error(ssl_, result) == SSL_ERROR_WANT_WRITE;
  established_ = result == 1;
  return established_ ? Outcome::kDone : Failed(result);
}

Channel::Outcome Channel::Read(std::string& out) {
  if (const Outcome ready = Handshake(); ready != Outcome::kDone) return ready;
  while (true) {
    const std::size_t before = out.size();
    out.resize(before + kReadSize);
    ssize_t got = 0;
    if (ssl_ != nullptr) {
      got = SSL_read(ssl_, out.data() + before, static_cast<int>(kReadSize));
    } else {
      got = recv(fd_, out.data() + before, kReadSize, 0);
    }
    out.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got > 0) continue;
    if (ssl_ != nullptr) return Failed(static_cast<int>(got));
    if (got < 0 && errno == EINTR) continue;
    return got < 0 && errno == EAGAIN ? Outcome::kWouldBlock : Outcome::kClosed;
  }
}

Channel::Outcome Channel::Write(std::string_view data, std::size_t& written) {
  written = 0;
  if (const Outcome ready = Handshake(); ready != Outcome::kDone) return ready;
  while (!data.empty()) {
    ssize_t sent = 0;
    if (ssl_ != nullptr) {
      sent = SSL_write(ssl_, data.data(),
                       static_cast<int>(std::min<std::size_t>(data.size(), 1u << 20)));
    } else {
      sent = send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    }
    if (sent > 0) {
      written += static_cast<std::size_t>(sent);
      data.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (ssl_ != nullptr) return Failed(static_cast<int>(sent));
    if (errno == EINTR) continue;
    return errno == EAGAIN ? Outcome::kWouldBlock : Outcome::kClosed;
  }
  return Outcome::kDone;
}

void Channel::ResetOnClose() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

}  // namespace telltale
