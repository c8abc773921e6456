// SPDX-License-Identifier: Apache-2.0
//
// The thread of FakeApiServer.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>

#include "tests/fakes/kube/server/server_impl.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

// Streams are looked after this often without a reason: time may have passed for a bookmark.
constexpr milliseconds kTick{20};
constexpr milliseconds kDripTick{2};
// Under load the changes of so long go out together: a system call carries many events.
constexpr std::chrono::microseconds kGather{2'000};

}  // namespace

int BindLoopback(std::uint16_t port) {
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
  listening = BindLoopback(port);
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

}  // namespace telltale
