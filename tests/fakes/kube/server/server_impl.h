// SPDX-License-Identifier: Apache-2.0
//
// The inside of FakeApiServer, for its two .cc files only: one thread, epoll, and commands that
// other threads leave for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "tests/fakes/kube/server/connection.h"
#include "tests/fakes/kube/server/fake_api_server.h"

struct epoll_event;

namespace telltale {

// What epoll says is ready: the eventfd, the listener, or a connection.
inline constexpr std::uint64_t kWake = 0, kListen = 1, kFirstConnection = 2;

// A socket bound to 127.0.0.1, or -1. Those of one port that do not listen may be several.
int BindLoopback(std::uint16_t port);

struct FakeApiServer::Impl {
  Impl(FakeApiServerOptions given, FakeCluster& fake)
      : options(std::move(given)),
        cluster(fake),
        host{.cluster = fake,
             .decide = [this](const FakeRequest& request) { return Decide(request); },
             .number = [this](FakeRequest& request) { request.number = ++requests; },
             .held = [this](const FakeRequest& request) { Held(request); },
             .count =
                 [this](std::uint64_t events, std::uint64_t bytes) {
                   watch_events += events;
                   bytes_sent += bytes;
                 }} {}

  FakeFault Decide(const FakeRequest& request);
  void Held(const FakeRequest& request);
  void Wake();
  void Run(const std::function<void()>& command);  // on the thread, and waits for it
  bool Listen();
  void Loop();
  int Timeout(SteadyTime now) const;
  void HandleEvent(const epoll_event& event);
  void Accept();
  void AdvanceStreams();
  void Advance(Connection& connection);
  void Watch(int operation, int fd, std::uint64_t id, std::uint32_t events) const;
  void Close(std::uint64_t id);

  const FakeApiServerOptions options;
  FakeCluster& cluster;
  TlsContext tls;
  ConnectionHost host;
  std::uint16_t port = 0;
  int reserved = -1, listening = -1, epoll = -1, wake = -1, listener = 0;
  std::thread thread;
  std::atomic<bool> stopping{false}, woken{false};
  std::atomic<std::uint64_t> connections_made{0}, requests{0}, watch_events{0}, bytes_sent{0};
  std::atomic<std::size_t> open{0}, waiting{0};

  std::mutex mutex;  // guards the next three
  std::vector<std::function<void()>> commands;
  Hook hook;
  std::function<void(const FakeRequest&)> on_held;

  // Of the thread.
  std::map<std::uint64_t, std::unique_ptr<Connection>> connections;
  std::uint64_t next_id = kFirstConnection;
  bool stirred = false;  // the cluster changed since the streams were advanced
  SteadyTime advanced;
};

}  // namespace telltale
