// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/http_get.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <vector>

namespace telltale::bench {

int ConnectLoopback(std::uint16_t port, int receive_buffer) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) {
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  const timeval patience{30, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return socket;
  ::close(socket);
  return -1;
}

Page Get(std::uint16_t port, const std::string& target, int receive_buffer,
         const std::function<bool(std::string_view)>& enough) {
  Page page;
  page.asked = std::chrono::steady_clock::now();
  const int socket = ConnectLoopback(port, receive_buffer);
  if (socket < 0) return page;
  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
  std::vector<char> piece(receive_buffer > 0 ? 16'384 : 262'144);
  for (;;) {
    const long n = ::recv(socket, piece.data(), piece.size(), 0);
    if (n <= 0) break;
    if (page.text.empty()) page.first_byte = std::chrono::steady_clock::now();
    page.text.append(piece.data(), static_cast<std::size_t>(n));
    if (enough && enough(page.text)) break;
  }
  ::close(socket);
  page.ok = page.text.size() > 12 && page.text.compare(9, 3, "200") == 0;
  return page;
}

}  // namespace telltale::bench
