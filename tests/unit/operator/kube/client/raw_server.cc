// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/operator/kube/client/raw_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "common/base/check.h"

namespace telltale {

std::string RawConnection::ReadRequest() {
  std::string request;
  std::size_t whole = std::string::npos;
  std::array<char, 4096> buffer;
  while (request.size() < whole) {
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
    if (got <= 0) return "";
    request.append(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t head = request.find("\r\n\r\n");
    if (head == std::string::npos || whole != std::string::npos) continue;
    whole = head + 4;
    const std::size_t length = request.find("Content-Length:");
    if (length < head) whole += std::strtoul(request.c_str() + length + 15, nullptr, 10);
  }
  return request;
}

bool RawConnection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawConnection::WriteChunk(std::string_view bytes) {
  std::array<char, 32> size;
  std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
  return Write(std::string(size.data()).append(bytes).append("\r\n"));
}

std::size_t RawConnection::WriteUntilStalled(int stall_milliseconds, std::size_t limit) {
  const std::string chunk = "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  std::size_t total = 0, at = 0;
  while (total < limit) {
    pollfd ready{fd_, POLLOUT, 0};
    if (poll(&ready, 1, stall_milliseconds) <= 0) return total;
    const ssize_t sent =
        send(fd_, chunk.data() + at, chunk.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return total;
    total += static_cast<std::size_t>(sent);
    at = (at + static_cast<std::size_t>(sent)) % chunk.size();
  }
  return total;
}

void RawConnection::WaitForClose() {
  std::array<char, 4096> buffer;
  while (recv(fd_, buffer.data(), buffer.size(), 0) > 0) {
  }
}

std::string PlainAnswer(std::string_view status, std::string_view body,
                        std::string_view more_headers) {
  std::string answer("HTTP/1.1 ");
  answer.append(status).append("\r\nContent-Length: ").append(std::to_string(body.size()));
  return answer.append("\r\n").append(more_headers).append("\r\n").append(body);
}

RawServer::RawServer(std::function<void(RawConnection&)> serve) : serve_(std::move(serve)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  TELLTALE_CHECK(bind(listener_, generic, size) == 0);
  TELLTALE_CHECK(listen(listener_, 16) == 0);
  TELLTALE_CHECK(getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

RawServer::~RawServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  if (const int fd = connection_; fd >= 0) shutdown(fd, SHUT_RDWR);
  thread_.join();
  close(listener_);
}

void RawServer::Run() {
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    connection_ = fd;
    RawConnection connection(fd);
    if (!stopping_) serve_(connection);
    connection_ = -1;
    close(fd);
  }
}

}  // namespace telltale
