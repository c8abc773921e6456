// SPDX-License-Identifier: Apache-2.0
//
// bench_agents PORT NODES SECONDS   asks for the pods of each node as its agent does
//
// Every two seconds for each node, evenly spread, on a connection of the node's own that is kept,
// with the tag of the last answer. Prints one line of JSON.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/load/http_get.h"

namespace telltale::bench {
namespace {

using std::chrono::steady_clock;
constexpr double kAskEvery = 2;

struct Agent {
  std::string node, tag;
  int socket = -1;
};

struct Totals {
  std::size_t asked = 0, changed = 0, unchanged = 0, failed = 0, pods = 0, connections = 0;
  std::vector<double> ms;
};

// The value of a header, to the end of its line; empty when it is not there.
std::string Header(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == head.npos) return {};
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find('\r', begin) - begin);
}

// One answer; empty when the server closes before its end.
std::string Read(int socket) {
  static std::array<char, 64 << 10> piece;
  std::string text;
  std::size_t whole = 0;
  while (whole == 0 || text.size() < whole) {
    const long n = ::recv(socket, piece.data(), piece.size(), 0);
    if (n <= 0) return {};
    text.append(piece.data(), static_cast<std::size_t>(n));
    const std::size_t head = text.find("\r\n\r\n");
    if (whole > 0 || head == text.npos) continue;
    whole = head + 4;
    if (text.compare(9, 3, "304") == 0) continue;
    whole += std::strtoull(Header(text, "Content-Length").c_str(), nullptr, 10);
  }
  return text;
}

std::string Exchange(Agent& agent, std::uint16_t port, const std::string& request, Totals& out) {
  if (agent.socket < 0) {
    agent.socket = ConnectLoopback(port);
    ++out.connections;
  }
  ::send(agent.socket, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer = Read(agent.socket);
  if (answer.empty() || answer.find("\r\nConnection: close") != answer.npos) {
    ::close(agent.socket);
    agent.socket = -1;
  }
  return answer;
}

void Ask(Agent& agent, std::uint16_t port, Totals& out) {
  std::string request = "GET /logs/v1/pods?node=" + agent.node + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  if (!agent.tag.empty()) request += "If-None-Match: " + agent.tag + "\r\n";
  request += "\r\n";
  const auto start = steady_clock::now();
  std::string answer = Exchange(agent, port, request, out);
  // As the sidecar's client: a kept connection that the server closed is replaced once.
  if (answer.empty()) answer = Exchange(agent, port, request, out);
  out.ms.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - start).count());
  ++out.asked;
  const std::string status = answer.empty() ? "" : answer.substr(9, 3);
  if (status == "200") {
    ++out.changed;
    agent.tag = Header(answer, "ETag");
    for (std::size_t at = 0; (at = answer.find("\"uid\":", at)) != answer.npos; ++at) ++out.pods;
  } else {
    ++(status == "304" ? out.unchanged : out.failed);
  }
}

int Run(std::uint16_t port, int nodes, double seconds) {
  std::vector<Agent> agents(static_cast<std::size_t>(nodes));
  for (std::size_t i = 0; i < agents.size(); ++i) {
    std::array<char, 32> name;
    std::snprintf(name.data(), name.size(), "node-%04zu", i);
    agents[i].node = name.data();
  }
  Totals out;
  const auto begin = steady_clock::now();
  const auto step = std::chrono::duration<double>(kAskEvery / nodes);
  while (std::chrono::duration<double>(steady_clock::now() - begin).count() < seconds) {
    Ask(agents[out.asked % agents.size()], port, out);
    std::this_thread::sleep_until(begin + step * out.asked);
  }
  std::ranges::sort(out.ms);
  const auto at = [&](double part) {
    return out.ms[static_cast<std::size_t>(part * static_cast<double>(out.ms.size() - 1))];
  };
  std::printf(
      "{\"asked\":%zu,\"changed\":%zu,\"unchanged\":%zu,\"failed\":%zu,\"pods\":%zu,"
      "\"connections\":%zu,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n",
      out.asked, out.changed, out.unchanged, out.failed, out.pods, out.connections, at(0.5),
      at(0.99), out.ms.back());
  return 0;
}

}  // namespace
}  // namespace telltale::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: bench_agents PORT NODES SECONDS\n", stderr);
    return 2;
  }
  return telltale::bench::Run(static_cast<std::uint16_t>(std::atoi(argv[1])), std::atoi(argv[2]),
                              std::atof(argv[3]));
}
