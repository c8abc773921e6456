// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/load_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace telltale::bench {
bool LoadServer::Filter::Parse(std::string_view path, Filter& out) {
  constexpr std::string_view kHead = "/api/v1/namespaces/", kTail = "/pods";
  if (path == "/api/v1/pods") return true;
  if (!path.starts_with(kHead) || !path.ends_with(kTail)) return false;
  path.remove_prefix(kHead.size());
  path.remove_suffix(kTail.size());
  out.ns = std::string(path);
  return path.find('/') == std::string_view::npos;
}

LoadServer::LoadServer(PodTable& table, const Templates& templates, bool protobuf,
                       FakeCluster& cluster)
    : table_(table), templates_(templates), protobuf_(protobuf), cluster_(cluster) {
  listener_ = cluster_.AddListener([this] {
    {
      const std::lock_guard lock(mutex_);
      ++changes_;
    }
    changed_.notify_all();
  });
}

LoadServer::~LoadServer() { cluster_.RemoveListener(listener_); }

Result<std::uint16_t> LoadServer::Listen(const std::string& certificate, const std::string& key) {
  std::shared_ptr<ssl_ctx_st> tls;
  if (!certificate.empty()) {
    auto made = MakeTlsContext(certificate, key);
    if (!made) return made.error();
    tls = *made;
  }
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket, any, size) != 0 || ::listen(socket, 128) != 0 ||
      ::getsockname(socket, any, &size) != 0) {
    return Fail(Code::kUnavailable, "cannot listen on 127.0.0.1");
  }
  std::thread([this, socket, tls] {
    for (;;) {
      const int accepted = ::accept4(socket, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) continue;
      std::thread([this, accepted, tls] {
        Connection connection(accepted, tls.get());
        if (connection.Handshake()) Serve(connection);
      }).detach();
    }
  }).detach();
  return ntohs(address.sin_port);
}

void LoadServer::Serve(Connection& connection) {
  Request request;
  while (connection.Read(request) && Handle(connection, request)) {
  }
}

bool LoadServer::Handle(Connection& connection, const Request& request) {
  Filter filter;
  if (request.method != "GET" || !Filter::Parse(request.path, filter)) {
    return Other(connection, request);
  }
  const std::string watch = request.Query("watch");
  return watch == "1" || watch == "true" ? WatchPods(connection, request, filter)
                                         : ListPods(connection, request, filter);
}

Encoding LoadServer::EncodingFor(const Request& request) {
  const bool asked = request.accept.find("protobuf") != std::string::npos;
  if (!asked || !protobuf_) return Encoding::kJson;
  counters_.protobuf = true;
  return Encoding::kProtobuf;
}

bool LoadServer::Send(Connection& connection, std::string_view bytes) {
  counters_.bytes += bytes.size();
  return connection.Write(bytes);
}

bool LoadServer::Other(Connection& connection, const Request& request) {
  if (request.method != "GET") ++counters_.writes;
  ApiRequest call;
  call.method = request.method;
  call.target = request.target;
  call.content_type = request.content_type;
  call.body = request.body;
  FakeReply reply = cluster_.Open(call, {request.token, request.user_agent});
  if (!reply.stream) return connection.Respond(reply.status, reply.body, reply.retry_after_seconds);
  if (!connection.BeginChunks("application/json")) return false;
  std::string piece, out;
  for (;;) {
    std::uint64_t seen;
    {
      const std::lock_guard lock(mutex_);
      seen = changes_;
    }
    piece.clear();
    const auto state = reply.stream->Next(piece);
    out.clear();
    if (!piece.empty()) Chunk(piece, out);
    if (state == FakeBody::State::kEnd) out += kLastChunk;
    if (!out.empty() && !connection.Write(out)) return false;
    if (state == FakeBody::State::kEnd) return true;
    if (state == FakeBody::State::kWait) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::seconds(1), [&] { return changes_ != seen; });
    }
  }
}

}  // namespace telltale::bench
