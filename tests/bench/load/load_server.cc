// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load/load_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace telltale::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kBatch = 64;           // events that one write carries at most
constexpr std::size_t kListPiece = 1 << 17;  // bytes of a list that are sent at once
constexpr auto kBookmarkEvery = std::chrono::seconds(60);
constexpr std::string_view kCollectors = "otel";  // the namespace of the allocator's collectors

std::string GoneStatus() {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
         R"("message":"too old resource version","reason":"Expired","code":410})";
}

void Chunk(std::string_view bytes, std::string& out) {
  out.append(ChunkHead(bytes.size())).append(bytes).append("\r\n");
}

}  // namespace

// Which pods a request is about: all, or those of a namespace. The allocator's collectors are one
// pod that stands in no table.
struct LoadServer::Filter {
  std::string ns;

  static bool Parse(std::string_view path, Filter& out) {
    constexpr std::string_view kHead = "/api/v1/namespaces/", kTail = "/pods";
    if (path == "/api/v1/pods") return true;
    if (!path.starts_with(kHead) || !path.ends_with(kTail)) return false;
    path.remove_prefix(kHead.size());
    path.remove_suffix(kTail.size());
    out.ns = std::string(path);
    return path.find('/') == std::string_view::npos;
  }
  bool Collectors() const { return ns == kCollectors; }
  bool Takes(const PodFill& pod) const {
    return ns.empty() || (!Collectors() && NamespaceName(pod.app) == ns);
  }
};

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

bool LoadServer::ListPods(Connection& connection, const Request& request, const Filter& filter) {
  ++counters_.lists;
  const Encoding encoding = EncodingFor(request);
  std::shared_ptr<const PodSnapshot> snapshot;
  std::size_t first = 0;
  std::string token = request.Query("continue");
  if (token.empty()) {
    auto made = std::make_shared<PodSnapshot>(table_.Snapshot());
    std::erase_if(made->pods, [&](const PodFill& pod) { return !filter.Takes(pod); });
    if (filter.Collectors()) made->pods.push_back({.version = 1, .phase = Phase::kReady});
    snapshot = std::move(made);
  } else {
    const auto colon = token.find(':');
    const std::lock_guard lock(mutex_);
    const auto it = pages_.find(token.substr(0, colon));
    if (it == pages_.end()) return connection.Respond(410, GoneStatus());
    snapshot = it->second;
    first = std::stoul(token.substr(colon + 1));
  }
  std::size_t count = snapshot->pods.size() - first;
  std::string next;
  // As the API server does, a limit is ignored where the cache answers.
  const std::string limit = request.Query("limit");
  if (!limit.empty() && limit != "0" && request.Query("resourceVersion") != "0" &&
      std::stoul(limit) < count) {
    count = std::stoul(limit);
    const std::lock_guard lock(mutex_);
    const std::string name =
        token.empty() ? std::to_string(next_page_++) : token.substr(0, token.find(':'));
    pages_[name] = snapshot;
    next = name + ":" + std::to_string(first + count);
  }
  const std::span<const PodFill> pods(snapshot->pods.data() + first, count);
  if (!connection.BeginChunks(encoding == Encoding::kJson ? "application/json"
                                                          : "application/vnd.kubernetes.protobuf"))
    return false;
  std::string piece, out;
  templates_.ListHead(pods, snapshot->version, next, encoding, piece);
  for (std::size_t i = 0; i < pods.size(); ++i) {
    templates_.ListItem(pods[i], i == 0, encoding, piece);
    if (piece.size() < kListPiece) continue;
    out.clear();
    Chunk(piece, out);
    piece.clear();
    if (!Send(connection, out)) return false;
  }
  Templates::ListTail(encoding, piece);
  out.clear();
  Chunk(piece, out);
  out += kLastChunk;
  return Send(connection, out);
}

bool LoadServer::WatchPods(Connection& connection, const Request& request, const Filter& filter) {
  ++counters_.watches;
  const Encoding encoding = EncodingFor(request);
  const std::string asked = request.Query("resourceVersion");
  const bool list = request.Query("sendInitialEvents") == "true";
  std::uint64_t version = asked.empty() ? 0 : std::stoull(asked);
  if (!list && version != 0 && !filter.Collectors() && !table_.InWindow(version)) {
    ++counters_.gone;
    return connection.Respond(410, GoneStatus());
  }
  if (!connection.BeginChunks(encoding == Encoding::kJson
                                  ? "application/json"
                                  : "application/vnd.kubernetes.protobuf;stream=watch"))
    return false;
  if ((list || version == 0) && !SendInitial(connection, request, filter, encoding, version)) {
    return false;
  }
  ++counters_.open_watches;
  const bool well = Follow(connection, request, filter, encoding, version);
  --counters_.open_watches;
  return well;
}

bool LoadServer::SendInitial(Connection& connection, const Request& request, const Filter& filter,
                             Encoding encoding, std::uint64_t& version) {
  const PodSnapshot snapshot = table_.Snapshot();
  version = snapshot.version;
  std::string line, out;
  for (const PodFill& pod : snapshot.pods) {
    if (!filter.Takes(pod)) continue;
    line.clear();
    templates_.Event(EventType::kAdded, pod, encoding, line);
    Chunk(line, out);
    if (out.size() < kListPiece) continue;
    if (!Send(connection, out)) return false;
    out.clear();
  }
  line.clear();
  if (filter.Collectors()) {
    templates_.Event(EventType::kAdded, {.version = 1, .phase = Phase::kReady}, encoding, line);
    Chunk(line, out);
    line.clear();
  }
  if (request.Query("sendInitialEvents") == "true") {
    templates_.Bookmark(version, true, encoding, line);
    Chunk(line, out);
  }
  return Send(connection, out);
}

bool LoadServer::Follow(Connection& connection, const Request& request, const Filter& filter,
                        Encoding encoding, std::uint64_t version) {
  const std::string timeout = request.Query("timeoutSeconds");
  const auto now = steady_clock::now();
  const auto end = now + std::chrono::seconds(timeout.empty() ? 3600 : std::stol(timeout));
  auto bookmark = now + kBookmarkEvery;
  std::string line, out;
  if (filter.Collectors()) version = table_.version();
  while (steady_clock::now() < end) {
    const auto events = table_.After(version, kBatch, milliseconds(500));
    out.clear();
    if (!events) {  // it fell behind further than the server remembers
      ++counters_.gone;
      line = R"({"type":"ERROR","object":)" + GoneStatus() + "}\n";
      if (encoding == Encoding::kJson) Chunk(line, out);
      return Send(connection, out + std::string(kLastChunk));
    }
    for (const PodEvent& event : *events) {
      version = event.pod.version;
      if (!filter.Takes(event.pod)) continue;
      line.clear();
      templates_.Event(event.type, event.pod, encoding, line);
      Chunk(line, out);
      ++counters_.events;
    }
    if (steady_clock::now() >= bookmark) {
      bookmark += kBookmarkEvery;
      line.clear();
      templates_.Bookmark(version, false, encoding, line);
      Chunk(line, out);
    }
    if (!out.empty() && !Send(connection, out)) return false;
    const std::uint64_t behind = table_.version() - version;
    if (behind > counters_.worst_backlog && filter.ns.empty()) counters_.worst_backlog = behind;
  }
  return Send(connection, kLastChunk);
}

}  // namespace telltale::bench
