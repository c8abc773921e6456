// SPDX-License-Identifier: Apache-2.0
//
// bench_fetch PORT TARGET first N      first byte of N requests, one after the other
// bench_fetch PORT TARGET read SECONDS the whole page again and again: bytes a second
// bench_fetch PORT TARGET crowd N      N clients at once, each reads the whole page once
//
// Reads a large page as fast as it comes and keeps nothing of it. Prints one line of JSON.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/load/http_get.h"

namespace telltale::bench {
namespace {

using std::chrono::steady_clock;

std::array<char, 1 << 20> buffer;

double Seconds(steady_clock::time_point from) {
  return std::chrono::duration<double>(steady_clock::now() - from).count();
}

int Ask(std::uint16_t port, const std::string& target) {
  const int socket = ConnectLoopback(port);
  if (socket < 0) return socket;
  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n";
  ::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
  return socket;
}

std::size_t ReadAll(int socket) {
  std::size_t total = 0;
  for (long n; (n = ::recv(socket, buffer.data(), buffer.size(), 0)) > 0;) {
    total += static_cast<std::size_t>(n);
  }
  ::close(socket);
  return total;
}

void First(std::uint16_t port, const std::string& target, int count) {
  std::vector<double> ms;
  for (int i = 0; i < count; ++i) {
    const auto start = steady_clock::now();
    const int socket = Ask(port, target);
    char byte;
    if (::recv(socket, &byte, 1, 0) == 1) ms.push_back(1000 * Seconds(start));
    ReadAll(socket);
  }
  std::ranges::sort(ms);
  if (ms.empty()) ms.push_back(-1);
  const auto at = [&](double q) {
    return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))];
  };
  std::printf("{\"count\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n", ms.size(), at(0.5),
              at(0.99), ms.back());
}

void Read(std::uint16_t port, const std::string& target, double seconds) {
  const auto start = steady_clock::now();
  std::size_t bytes = 0, pages = 0;
  for (; Seconds(start) < seconds; ++pages) bytes += ReadAll(Ask(port, target));
  const double took = Seconds(start);
  std::printf("{\"pages\":%zu,\"bytes\":%zu,\"page_bytes\":%zu,\"seconds\":%.3f,\"rate\":%.0f}\n",
              pages, bytes, bytes / std::max<std::size_t>(pages, 1), took,
              static_cast<double>(bytes) / took);
}

// All requests stand before the first byte is read: the server holds as many pages as there are
// clients, if it makes a copy for each.
void Crowd(std::uint16_t port, const std::string& target, int count) {
  const auto start = steady_clock::now();
  std::vector<pollfd> open;
  for (int i = 0; i < count; ++i) {
    const int socket = Ask(port, target);
    if (socket < 0) continue;
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    open.push_back({socket, POLLIN, 0});
  }
  ::usleep(500'000);
  std::size_t bytes = 0, done = 0;
  while (!open.empty() && ::poll(open.data(), open.size(), 10'000) > 0) {
    for (auto& entry : open) {
      if (entry.revents == 0) continue;
      const long n = ::recv(entry.fd, buffer.data(), buffer.size(), 0);
      if (n > 0) {
        bytes += static_cast<std::size_t>(n);
        continue;
      }
      ::close(entry.fd);
      entry.fd = -1;
      done += n == 0 ? 1 : 0;
    }
    std::erase_if(open, [](const pollfd& entry) { return entry.fd < 0; });
  }
  std::printf("{\"clients\":%zu,\"bytes\":%zu,\"seconds\":%.3f}\n", done, bytes, Seconds(start));
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  using namespace telltale::bench;
  if (argc != 5) {
    std::fputs("usage: bench_fetch PORT TARGET first|read|crowd NUMBER\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  const std::string target = argv[2], mode = argv[3];
  if (mode == "first") First(port, target, std::atoi(argv[4]));
  if (mode == "read") Read(port, target, std::atof(argv[4]));
  if (mode == "crowd") Crowd(port, target, std::atoi(argv[4]));
  return 0;
}
