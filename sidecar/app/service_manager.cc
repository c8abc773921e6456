// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "common/base/log.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

std::optional<std::int64_t> Number(const char* text) {
  return text == nullptr ? std::nullopt : ParseInt(text);
}

// A path, or a name in the abstract namespace behind "@". An invalid one if it cannot be reached.
UniqueFd Connect(std::string_view name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) {
    errno = EINVAL;
    return {};
  }
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name[0] == '@') address.sun_path[0] = '\0';
  UniqueFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (!fd || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) return {};
  return fd;
}

// The clock that systemd compares a reload with.
std::uint64_t MonotonicMicroseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

}  // namespace

ServiceManager ServiceManager::FromEnvironment(Clock& clock) {
  ServiceManager out;
  const char* const name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return out;
  out.socket_ = Connect(name);
  if (!out.socket_) {
    LogWarn("the service manager cannot be told how we do",
            {{"NOTIFY_SOCKET", name}, {"error", std::strerror(errno)}});
    return out;
  }
  const auto patience = Number(std::getenv("WATCHDOG_USEC"));
  const auto pid = Number(std::getenv("WATCHDOG_PID"));
  if (patience && *patience > 0 && (!pid || *pid == getpid())) {
    out.every_ = std::chrono::microseconds(*patience / 2);
    out.next_sign_ = clock.Steady();
  }
  return out;
}

void ServiceManager::Say(const std::string& text) {
  if (!socket_) return;
  send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ServiceManager::Ready(std::string_view status) {
  Say("READY=1\nSTATUS=" + std::string(status));
}

void ServiceManager::Reloading() {
  Say("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(MonotonicMicroseconds()));
}

void ServiceManager::Stopping() { Say("STOPPING=1\nSTATUS=sending what is left of the logs"); }

void ServiceManager::StillAlive(SteadyTime now) {
  if (now < next_sign_) return;
  next_sign_ = now + every_;
  Say("WATCHDOG=1");
}

}  // namespace telltale
