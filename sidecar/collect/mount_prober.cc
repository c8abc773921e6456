// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/mount_prober.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "common/base/files.h"
#include "common/base/mutex.h"

namespace telltale {

struct MountProber::Call {
  Mutex mutex;
  CondVar returned;
  std::optional<Result<FilesystemUsage>> result GUARDED_BY(mutex);
};

Result<FilesystemUsage> StatFilesystem(const std::string& path) {
  struct stat info{};
  struct statvfs fs{};
  if (stat(path.c_str(), &info) != 0 || statvfs(path.c_str(), &fs) != 0) {
    return ErrnoError("asking for the size of " + path, errno);
  }
  FilesystemUsage out;
  out.folder = S_ISDIR(info.st_mode);
  out.size = std::uint64_t{fs.f_blocks} * fs.f_frsize;
  out.free = std::uint64_t{fs.f_bfree} * fs.f_frsize;
  out.available = std::uint64_t{fs.f_bavail} * fs.f_frsize;
  out.files = fs.f_files;
  out.files_free = fs.f_ffree;
  return out;
}

MountProber::MountProber(Stat stat, Millis budget)
    : stat_(std::move(stat)), budget_(budget), left_(budget) {}

Result<FilesystemUsage> MountProber::Probe(const std::string& path, bool may_hang) {
  if (!may_hang) return stat_(path);

  auto& call = stuck_[path];
  if (call == nullptr) {
    call = std::make_shared<Call>();
    try {
      std::thread([call, stat = stat_, path] {
        auto result = stat(path);
        MutexLock lock(call->mutex);
        call->result = std::move(result);
        call->returned.NotifyAll();
      }).detach();
    } catch (const std::system_error& error) {
      stuck_.erase(path);
      return Fail(Code::kUnavailable,
                  "asking for the size of " + path + ": no thread can be started: " + error.what());
    }
  }
  const auto start = std::chrono::steady_clock::now();
  MutexLock lock(call->mutex);
  call->returned.WaitFor(call->mutex, left_,
                         [&]() REQUIRES(call->mutex) { return call->result.has_value(); });
  left_ -= std::min(left_, std::chrono::steady_clock::now() - start);
  if (!call->result) {
    return Fail(Code::kTimeout, "the filesystem at " + path + " does not answer");
  }
  auto result = std::move(*call->result);
  lock.Unlock();
  stuck_.erase(path);
  return result;
}

}  // namespace telltale
