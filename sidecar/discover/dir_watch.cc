// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/dir_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "common/base/log.h"

namespace telltale {
namespace {

constexpr std::uint32_t kMask =
    IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_ONLYDIR;

DirEvent::Kind KindOf(std::uint32_t mask) {
  if ((mask & IN_CREATE) != 0) return DirEvent::Kind::kAppeared;
  if ((mask & IN_MOVED_FROM) != 0) return DirEvent::Kind::kMovedFrom;
  if ((mask & IN_MOVED_TO) != 0) return DirEvent::Kind::kMovedTo;
  if ((mask & (IN_DELETE | IN_DELETE_SELF)) != 0) return DirEvent::Kind::kGone;
  if ((mask & IN_MODIFY) != 0) return DirEvent::Kind::kChanged;
  return DirEvent::Kind::kAttributes;
}

}  // namespace

DirWatch::DirWatch() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (fd_) return;
  warned_ = true;
  LogWarn(
      "inotify is not available: files are looked at once a second instead",
      {{"error", std::strerror(errno)}, {"remedy", "raise sysctl fs.inotify.max_user_instances"}});
}

bool DirWatch::Watch(const std::string& directory, bool writes) {
  if (!fd_) return false;
  const std::uint32_t mask = writes ? kMask | IN_MODIFY : kMask;
  int watch = inotify_add_watch(fd_.get(), directory.c_str(), mask);
  if (watch >= 0) {
    by_watch_[watch] = directory;
    return true;
  }
  // Where permission is missing, the listing says so.
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES || warned_) return false;
  warned_ = true;
  LogWarn("a directory cannot be watched: its files are looked at once a second instead",
          {{"directory", directory},
           {"error", std::strerror(errno)},
           {"remedy", "raise sysctl fs.inotify.max_user_watches"}});
  return false;
}

void DirWatch::Unwatch(const std::string& directory) {
  for (auto it = by_watch_.begin(); it != by_watch_.end();) {
    if (it->second == directory) {
      inotify_rm_watch(fd_.get(), it->first);
      it = by_watch_.erase(it);
    } else {
      ++it;
    }
  }
}

bool DirWatch::Read(FunctionRef<void(const DirEvent&)> handle) {
  bool complete = true;
  alignas(inotify_event) std::array<char, 16 << 10> buffer;
  while (fd_) {
    ssize_t n = read(fd_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
      inotify_event event;
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const char* name = buffer.data() + at + sizeof(event);
      at += sizeof(event) + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) complete = false;
      auto found = by_watch_.find(event.wd);
      if (found == by_watch_.end()) continue;
      if ((event.mask & IN_IGNORED) != 0) {
        by_watch_.erase(found);
        continue;
      }
      // The name is padded with zeros to event.len.
      std::string_view text(name, event.len == 0 ? 0 : strnlen(name, event.len));
      handle({found->second, text, KindOf(event.mask), event.cookie, (event.mask & IN_ISDIR) != 0});
    }
  }
  return complete;
}

}  // namespace telltale
