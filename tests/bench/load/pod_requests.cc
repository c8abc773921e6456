// SPDX-License-Identifier: Apache-2.0
//
// How the load server answers lists and watches of pods.
#include <algorithm>
#include <chrono>
#include <span>

#include "tests/bench/load/load_server.h"

namespace telltale::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kBatch = 64;           // events that one write carries at most
constexpr std::size_t kListPiece = 1 << 17;  // bytes of a list that are sent at once
constexpr auto kBookmarkEvery = std::chrono::seconds(60);

std::string GoneStatus() {
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure",)"
         R"("message":"too old resource version","reason":"Expired","code":410})";
}

}  // namespace

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
