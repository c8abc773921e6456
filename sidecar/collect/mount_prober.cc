// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/mount_prober.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

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

MountProber::MountProber(Stat stat, Millis deadline)
    : stat_(std::move(stat)), deadline_(deadline) {}

std::shared_ptr<MountProber::Call> MountProber::Start(const std::string& path) {
  auto call = std::make_shared<Call>();
  try {
    std::thread([call, stat = stat_, path] {
      auto result = stat(path);
      MutexLock lock(call->mutex);
      call->result = std::move(result);
      call->returned.NotifyAll();
    }).detach();
  } catch (const std::system_error& error) {
    MutexLock lock(call->mutex);
    call->result = Fail(Code::kUnavailable, "asking for the size of " + path +
                                                ": no thread can be started: " + error.what());
  }
  return call;
}

std::vector<Result<FilesystemUsage>> MountProber::Ask(const std::vector<Question>& questions) {
  // What came back too late is an old answer: it is thrown away, and the mount asked again.
  std::erase_if(stuck_, [](const auto& stuck) {
    MutexLock lock(stuck.second->mutex);
    return stuck.second->result.has_value();
  });
  const auto deadline = std::chrono::steady_clock::now() + deadline_;
  std::map<std::string, std::shared_ptr<Call>> calls;
  for (const Question& question : questions) {
    if (question.may_hang && !stuck_.contains(question.path) && !calls.contains(question.path)) {
      calls.emplace(question.path, Start(question.path));
    }
  }
  std::vector<Result<FilesystemUsage>> answers;
  answers.reserve(questions.size());
  for (const Question& question : questions) {
    if (!question.may_hang) {
      answers.push_back(stat_(question.path));
      continue;
    }
    if (const auto asked = calls.find(question.path); asked != calls.end()) {
      Call& call = *asked->second;
      MutexLock lock(call.mutex);
      call.returned.WaitUntil(call.mutex, deadline,
                              [&]() REQUIRES(call.mutex) { return call.result.has_value(); });
      if (call.result) {
        answers.push_back(*call.result);
        continue;
      }
      stuck_.insert(*asked);
    }
    answers.push_back(
        Fail(Code::kTimeout, "the filesystem at " + question.path + " does not answer"));
  }
  return answers;
}

}  // namespace telltale
