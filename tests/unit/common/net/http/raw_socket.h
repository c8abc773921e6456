// SPDX-License-Identifier: Apache-2.0
//
// Blocking sockets for tests that must send what no client would: half a header, garbage, one byte
// at a time. Every read gives up after 20 s, so that a broken server fails a test and hangs none.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/files.h"

namespace telltale {

class RawSocket {
 public:
  explicit RawSocket(UniqueFd fd) : fd_(std::move(fd)) {
    const timeval limit{20, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  static RawSocket Connect(std::uint16_t port) {
    RawSocket result{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    result.ConnectTo(port);
    return result;
  }
  // From another loopback address, such as "127.0.0.2".
  static RawSocket ConnectFrom(const char* source, std::uint16_t port) {
    RawSocket result{UniqueFd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    sockaddr_in from{};
    from.sin_family = AF_INET;
    inet_pton(AF_INET, source, &from.sin_addr);
    result.ConnectTo(port, &from);
    return result;
  }
  // False when it was refused. `from`: the address that it comes from.
  bool ConnectTo(std::uint16_t port, const sockaddr_in* from = nullptr) {
    if (from != nullptr) {
      bind(fd_.get(), reinterpret_cast<const sockaddr*>(from), sizeof *from);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    return connected_;
  }
  bool connected() const { return connected_; }

  // False when the peer no longer takes it.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // Empty at the end, at a reset, and after 20 s.
  std::string ReadSome() {
    char buffer[65536];
    const ssize_t size = recv(fd_.get(), buffer, sizeof buffer, 0);
    return size <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
  }
  // Until the peer closes.
  std::string ReadAll() {
    std::string all;
    for (std::string some = ReadSome(); !some.empty(); some = ReadSome()) all += some;
    return all;
  }
  // Until the text has come, and perhaps more; what came when the peer closed before.
  std::string ReadUntil(std::string_view text) {
    std::string all;
    while (all.find(text) == std::string::npos) {
      const std::string some = ReadSome();
      if (some.empty()) break;
      all += some;
    }
    return all;
  }
  // True when the peer has closed or reset (or sent something) within the time.
  bool ReadableWithin(int milliseconds) {
    pollfd entry{fd_.get(), POLLIN, 0};
    return poll(&entry, 1, milliseconds) == 1;
  }
  void FinishSending() { shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_ = UniqueFd(); }

 private:
  UniqueFd fd_;
  bool connected_ = false;
};

class RawListener {
 public:
  explicit RawListener(int backlog = 64) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool ok = bind(fd_.get(), generic, size) == 0 && listen(fd_.get(), backlog) == 0 &&
                    getsockname(fd_.get(), generic, &size) == 0;
    if (ok) port_ = ntohs(address.sin_port);
    const timeval limit{20, 0};  // of accept
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  std::uint16_t port() const { return port_; }
  RawSocket Accept() {
    return RawSocket(UniqueFd(accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)));
  }
  bool HasWaiting() {
    pollfd entry{fd_.get(), POLLIN, 0};
    return poll(&entry, 1, 0) == 1;
  }

 private:
  UniqueFd fd_;
  std::uint16_t port_ = 0;
};

}  // namespace telltale
