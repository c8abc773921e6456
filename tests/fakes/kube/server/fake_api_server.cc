// SPDX-License-Identifier: Apache-2.0
#include "tests/fakes/kube/server/fake_api_server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/fakes/kube/server/server_impl.h"

namespace telltale {
namespace {

std::uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

FakeApiServer::FakeApiServer(FakeApiServerOptions options, FakeCluster& cluster)
    : impl_(std::make_unique<Impl>(std::move(options), cluster)) {}

FakeApiServer::~FakeApiServer() { Stop(); }

Status FakeApiServer::Start() {
  Impl& impl = *impl_;
  if (impl.options.tls) {
    auto context = MakeServerTlsContext(*impl.options.tls);
    if (!context.ok()) return context.error();
    impl.tls = *context;
  }
  impl.epoll = epoll_create1(EPOLL_CLOEXEC);
  impl.wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  impl.Watch(EPOLL_CTL_ADD, impl.wake, kWake, EPOLLIN);
  // Keeps the port ours while connections are refused.
  impl.reserved = BindLoopback(impl.options.port);
  impl.port = impl.reserved < 0 ? 0 : PortOf(impl.reserved);
  if (impl.port == 0 || !impl.Listen()) {
    return Fail(Code::kUnavailable, "the fake API server cannot listen on 127.0.0.1:" +
                                        std::to_string(impl.options.port) + ": " +
                                        std::strerror(errno));
  }
  impl.stopping = false;
  impl.listener = impl.cluster.AddListener([&impl] { impl.Wake(); });
  impl.thread = std::thread([&impl] { impl.Loop(); });
  return {};
}

void FakeApiServer::Stop() {
  Impl& impl = *impl_;
  if (impl.thread.joinable()) {
    impl.cluster.RemoveListener(impl.listener);
    impl.stopping = true;
    impl.woken = false;
    impl.Wake();
    impl.thread.join();
  }
  for (int* fd : {&impl.listening, &impl.reserved, &impl.epoll, &impl.wake}) {
    if (*fd >= 0) close(std::exchange(*fd, -1));
  }
  impl.open = impl.waiting = 0;
}

std::uint16_t FakeApiServer::port() const { return impl_->port; }

std::string FakeApiServer::url() const {
  return (impl_->options.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") +
         std::to_string(impl_->port);
}

void FakeApiServer::SetHook(Hook hook) {
  const std::lock_guard lock(impl_->mutex);
  impl_->hook = std::move(hook);
}

void FakeApiServer::Refuse(bool refuse) {
  impl_->Run([this, refuse] {
    if (!refuse) {
      impl_->Listen();
    } else if (impl_->listening >= 0) {
      close(std::exchange(impl_->listening, -1));
    }
  });
}

void FakeApiServer::CutAll(bool reset) {
  impl_->Run([this, reset] {
    while (!impl_->connections.empty()) {
      if (reset) impl_->connections.begin()->second->Reset();
      impl_->Close(impl_->connections.begin()->first);
    }
  });
}

std::size_t FakeApiServer::Release() {
  std::size_t count = 0;
  impl_->Run([this, &count] {
    for (auto next = impl_->connections.begin(); next != impl_->connections.end();) {
      Connection& connection = *(next++)->second;
      if (!connection.held()) continue;
      ++count;
      --impl_->waiting;
      connection.Release();
      impl_->Advance(connection);
    }
  });
  return count;
}

std::size_t FakeApiServer::held() const { return impl_->waiting; }

void FakeApiServer::OnHeld(std::function<void(const FakeRequest&)> listener) {
  const std::lock_guard lock(impl_->mutex);
  impl_->on_held = std::move(listener);
}

FakeApiServer::Counters FakeApiServer::counters() const {
  return {.connections = impl_->connections_made,
          .requests = impl_->requests,
          .watch_events = impl_->watch_events,
          .bytes_sent = impl_->bytes_sent,
          .open_connections = impl_->open};
}

}  // namespace telltale
