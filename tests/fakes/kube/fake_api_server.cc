// SPDX-License-Identifier: Apache-2.0
//
// The loop: one thread, epoll, and commands that other threads leave for it.
#include "tests/fakes/kube/fake_api_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "tests/fakes/kube/connection.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

// Streams are looked after this often without a reason: time may have passed for a bookmark.
constexpr milliseconds kTick{20};
constexpr milliseconds kDripTick{2};
// Under load the changes of so long go out together: a system call carries many events.
constexpr std::chrono::microseconds kGather{2'000};
constexpr std::uint64_t kWake = 0, kListen = 1, kFirstConnection = 2;

// A socket on 127.0.0.1 or -1. The port is shared with a socket that only reserves it.
int Bind(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

std::uint16_t PortOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

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

FakeFault FakeApiServer::Impl::Decide(const FakeRequest& request) {
  Hook asked;
  {
    const std::lock_guard lock(mutex);
    asked = hook;
  }
  return asked ? asked(request) : FakeFault();
}

void FakeApiServer::Impl::Held(const FakeRequest& request) {
  ++waiting;
  std::function<void(const FakeRequest&)> tell;
  {
    const std::lock_guard lock(mutex);
    tell = on_held;
  }
  if (tell) tell(request);
}

void FakeApiServer::Impl::Wake() {
  if (woken.exchange(true)) return;
  const std::uint64_t one = 1;
  if (write(wake, &one, sizeof one) < 0) woken = false;
}

void FakeApiServer::Impl::Run(const std::function<void()>& command) {
  if (!thread.joinable() || std::this_thread::get_id() == thread.get_id()) return command();
  std::promise<void> done;
  {
    const std::lock_guard lock(mutex);
    commands.emplace_back([&] {
      command();
      done.set_value();
    });
  }
  Wake();
  done.get_future().wait();
}

bool FakeApiServer::Impl::Listen() {
  if (listening >= 0) return true;
  listening = Bind(port);
  if (listening < 0 || listen(listening, 1024) != 0) return false;
  Watch(EPOLL_CTL_ADD, listening, kListen, EPOLLIN);
  return true;
}

void FakeApiServer::Impl::Watch(int operation, int fd, std::uint64_t id,
                                std::uint32_t events) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = id;
  epoll_ctl(epoll, operation, fd, &event);
}

int FakeApiServer::Impl::Timeout(SteadyTime now) const {
  const bool drips = std::any_of(connections.begin(), connections.end(),
                                 [](const auto& entry) { return entry.second->drips(); });
  if (stirred) {
    const auto left = std::chrono::ceil<milliseconds>(advanced + kGather - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kGather.count() / 1'000));
  }
  const bool waits = std::any_of(connections.begin(), connections.end(),
                                 [](const auto& entry) { return entry.second->waits(); });
  if (drips) return static_cast<int>(kDripTick.count());
  return waits ? static_cast<int>(kTick.count()) : -1;
}

void FakeApiServer::Impl::Loop() {
  sigset_t pipe;  // OpenSSL writes with write(2)
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  while (!stopping) {
    epoll_event events[64];
    const int count = epoll_wait(epoll, events, 64, Timeout(RealClock().Steady()));
    for (int i = 0; i < count; ++i) HandleEvent(events[i]);
    const auto since = RealClock().Steady() - advanced;
    if (count == 0 || since >= kTick || (stirred && since >= kGather)) AdvanceStreams();
  }
  connections.clear();
}

void FakeApiServer::Impl::HandleEvent(const epoll_event& event) {
  const std::uint64_t id = event.data.u64;
  if (id == kWake) {
    std::uint64_t ignored = 0;
    if (read(wake, &ignored, sizeof ignored) < 0) return;
    woken = false;
    stirred = true;
    std::vector<std::function<void()>> todo;
    {
      const std::lock_guard lock(mutex);
      todo.swap(commands);
    }
    for (const auto& command : todo) command();
    return;
  }
  if (id == kListen) return Accept();
  const auto found = connections.find(id);
  if (found == connections.end()) return;
  if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !found->second->Receive()) {
    return Close(id);
  }
  Advance(*found->second);
}

void FakeApiServer::Impl::Accept() {
  while (true) {
    const int fd = accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::uint64_t id = next_id++;
    ++connections_made;
    connections[id] = std::make_unique<Connection>(host, id - kFirstConnection + 1, fd, tls);
    open = connections.size();
    Watch(EPOLL_CTL_ADD, fd, id, EPOLLIN);
  }
}

void FakeApiServer::Impl::Advance(Connection& connection) {
  const std::uint64_t id = connection.id() + kFirstConnection - 1;
  const bool wrote = connection.wants_write();
  if (!connection.Advance(RealClock().Steady())) return Close(id);
  if (connection.wants_write() != wrote) {
    Watch(EPOLL_CTL_MOD, connection.fd(), id,
          connection.wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

void FakeApiServer::Impl::AdvanceStreams() {
  stirred = false;
  advanced = RealClock().Steady();
  for (auto next = connections.begin(); next != connections.end();) {
    Connection& connection = *(next++)->second;  // it may be closed
    // Who waits for the socket is told by epoll.
    if (!connection.wants_write()) Advance(connection);
  }
}

void FakeApiServer::Impl::Close(std::uint64_t id) {
  if (const auto found = connections.find(id); found != connections.end()) {
    if (found->second->held()) --waiting;
    connections.erase(found);
  }
  open = connections.size();
}

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
  impl.reserved = Bind(impl.options.port);
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
