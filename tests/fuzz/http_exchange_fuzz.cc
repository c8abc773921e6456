// SPDX-License-Identifier: Apache-2.0
//
// HTTP from the network. The first byte of an input says who reads the rest: 's', our server, as a
// client's requests; anything else, our client, as a server's answer. Over loopback, so that the
// same sockets, buffers and limits are used as in life.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "common/base/check.h"
#include "common/base/files.h"
#include "common/net/http/http_client.h"
#include "common/net/http/http_server.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

constexpr std::size_t kMaxBody = 1 << 10, kMaxHeader = 2 << 10;

sockaddr_in Address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

// Each call gives another address of 127.1.0.0/16. A closed connection keeps its port for a minute;
// all exchanges of that minute from one address would need more ports than there are.
std::uint32_t NextLoopback() {
  static std::uint32_t calls = 0;
  return 0x7f010000 | (calls++ & 0xffff);
}

std::string Text(const sockaddr_in& address) {
  std::array<char, INET_ADDRSTRLEN> host{};
  inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
  return std::string(host.data()) + ":" + std::to_string(ntohs(address.sin_port));
}

const sockaddr* Generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void ReadToEnd(int fd) {
  std::array<char, 4096> ignored;
  while (recv(fd, ignored.data(), ignored.size(), 0) > 0) {
  }
}

// What a handler gets is within the limits.
HttpServer& Server() {
  static HttpServer& server = *[] {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    options.max_body = kMaxBody;
    options.max_header = kMaxHeader;
    auto* made = new HttpServer(options, [](const HttpRequest& request) {
      TELLTALE_CHECK(request.body.size() <= kMaxBody && !request.method.empty());
      TELLTALE_CHECK(request.target.size() <= kMaxHeader);
      return TextResponse(200, request.target);
    });
    TELLTALE_CHECK(made->Start().ok());
    return made;
  }();
  return server;
}

void AsClient(std::string_view requests) {
  const sockaddr_in address = Address(INADDR_LOOPBACK, Server().port());
  const sockaddr_in ours = Address(NextLoopback(), 0);
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  TELLTALE_CHECK(bind(fd.get(), Generic(ours), sizeof(ours)) == 0);
  TELLTALE_CHECK(connect(fd.get(), Generic(address), sizeof(address)) == 0);
  WriteAll(fd.get(), requests);
  shutdown(fd.get(), SHUT_WR);
  ReadToEnd(fd.get());
}

void AsServer(std::string_view answer) {
  sockaddr_in address = Address(NextLoopback(), 0);
  socklen_t size = sizeof(address);
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  TELLTALE_CHECK(bind(listener.get(), Generic(address), size) == 0);
  TELLTALE_CHECK(listen(listener.get(), 1) == 0);
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::thread peer([&] {
    const UniqueFd fd(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    WriteAll(fd.get(), answer);
    shutdown(fd.get(), SHUT_WR);
    ReadToEnd(fd.get());
  });
  {
    HttpClientOptions options;
    options.server = *ParseUrl("http://" + Text(address));
    options.max_response = kMaxBody;
    HttpClient client(options);
    HttpRequest request;
    request.target = "/";
    const auto response = client.Send(request, std::chrono::milliseconds(5'000));
    if (response.ok()) {
      TELLTALE_CHECK(response->body.size() <= kMaxBody);
      TELLTALE_CHECK(response->status >= 100 && response->status <= 999);
    }
  }
  peer.join();
}

}  // namespace

void FuzzOne(std::string_view text) {
  if (text.empty()) return;
  const bool to_server = text[0] == 's';
  text.remove_prefix(1);
  to_server ? AsClient(text) : AsServer(text);
}

}  // namespace telltale
