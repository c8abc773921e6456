// SPDX-License-Identifier: Apache-2.0
#include "sidecar/journal/state_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "common/base/log.h"

namespace telltale {
namespace {

std::string OwnName() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return "pid " + std::to_string(getpid()) + " on " + host.data();
}

std::string NameIn(int fd) {
  std::array<char, 512> text{};
  const ssize_t n = pread(fd, text.data(), text.size() - 1, 0);
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : "an unknown process";
}

}  // namespace

std::optional<std::string> StateLock::Holder(const std::string& directory) {
  const std::string path = directory + "/lock";
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return {};
  return NameIn(fd.get());
}

bool StateLock::TryLock() {
  if (directory_.empty() || fd_) return true;
  if (!MakeDirectories(directory_)) return true;
  const std::string path = directory_ + "/lock";
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return true;
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return true;
    if (!std::exchange(warned_, true)) {
      LogError(
          "another process uses this state folder: logs are not shipped until it ends; give each "
          "sidecar a folder of its own",
          {{"folder", directory_}, {"process", NameIn(fd.get())}});
    }
    return false;
  }
  const std::string name = OwnName();
  if (ftruncate(fd.get(), 0) == 0) {
    // The name is for people; the lock holds without it.
    [[maybe_unused]] ssize_t n = pwrite(fd.get(), name.data(), name.size(), 0);
  }
  fd_ = std::move(fd);
  if (std::exchange(warned_, false)) {
    LogInfo("the other process ended: logs are shipped from here", {{"folder", directory_}});
  }
  return true;
}

}  // namespace telltale
