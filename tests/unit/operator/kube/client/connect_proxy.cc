// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/kube/client/connect_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace telltale {
namespace {

int Dial(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

// False at the end of `from`.
bool Move(int from, int to) {
  std::array<char, 16384> buffer;
  const ssize_t got = recv(from, buffer.data(), buffer.size(), 0);
  return got > 0 && send(to, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
}

void Tunnel(int one, int other) {
  while (true) {
    std::array<pollfd, 2> ends{{{one, POLLIN, 0}, {other, POLLIN, 0}}};
    if (poll(ends.data(), ends.size(), -1) <= 0) return;
    if (ends[0].revents != 0 && !Move(one, other)) return;
    if (ends[1].revents != 0 && !Move(other, one)) return;
  }
}

}  // namespace

void ConnectProxy::Serve(RawConnection& client) {
  const std::string request = client.ReadRequest();
  {
    std::lock_guard lock(mutex_);
    asked_ += request;
  }
  const std::size_t colon = request.find(':');
  if (!request.starts_with("CONNECT ") || colon == std::string::npos) return;
  const int upstream =
      Dial(static_cast<std::uint16_t>(std::strtoul(request.c_str() + colon + 1, nullptr, 10)));
  if (upstream < 0) return;
  client.Write("HTTP/1.1 200 Connection established\r\n\r\n");
  Tunnel(client.fd(), upstream);
  close(upstream);
}

}  // namespace telltale
