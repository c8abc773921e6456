// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/base/files.h"

namespace telltale {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxErrors = 4096;

struct Pipe {
  UniqueFd reader, writer;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return ErrnoError("making a pipe", errno);
  Pipe made{UniqueFd(ends[0]), UniqueFd(ends[1])};
  // Only our end: the program expects a pipe that it can wait at.
  fcntl(made.reader.get(), F_SETFL, O_NONBLOCK);
  return made;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// How the program starts: its descriptors, group and signals.
class SpawnSettings {
 public:
  SpawnSettings(int output, int errors) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    // Asio's sockets are not close-on-exec.
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes);
    sigset_t none, defaults;
    sigemptyset(&none);
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

class Child {
 public:
  explicit Child(const ChildCommand& command)
      : command_(command), deadline_(steady_clock::now() + command.timeout) {}
  ~Child() {
    if (pid_ > 0) Reap(/*kill_first=*/true);
  }

  Status Start();
  Result<ChildResult> Finish();

 private:
  Status WaitForEvents(bool& ended);
  Status Drain();
  int Reap(bool kill_first);
  // Reads what there is; closes `from` at its end. Bytes beyond `limit` are dropped and counted.
  static std::size_t Take(UniqueFd& from, std::string& into, std::size_t limit);

  const ChildCommand& command_;
  const steady_clock::time_point deadline_;
  pid_t pid_ = -1;
  UniqueFd ended_, output_, errors_;
  ChildResult result_;
};

Status Child::Start() {
  const std::string& program = command_.arguments.front();
  auto output = MakePipe();
  if (!output.ok()) return output.error();
  auto errors = MakePipe();
  if (!errors.ok()) return errors.error();

  const SpawnSettings settings(output->writer.get(), errors->writer.get());
  const int failed =
      posix_spawnp(&pid_, program.c_str(), &settings.actions, &settings.attributes,
                   Pointers(command_.arguments).data(), Pointers(command_.environment).data());
  if (failed != 0) {
    pid_ = -1;
    return ErrnoError("running " + program, failed);
  }
  ended_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (!ended_) return ErrnoError("watching " + program, errno);
  output_ = std::move(output->reader);
  errors_ = std::move(errors->reader);
  return {};
}

Status Child::WaitForEvents(bool& ended) {
  std::array<pollfd, 4> events{{{ended_.get(), POLLIN, 0},
                                {output_.get(), POLLIN, 0},
                                {errors_.get(), POLLIN, 0},
                                {command_.cancel_fd, POLLIN, 0}}};
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now());
  const int count =
      poll(events.data(), events.size(), static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
  if (count < 0 && errno != EINTR) return ErrnoError("waiting for a program", errno);
  if (count > 0 && (events[3].revents & POLLIN) != 0) {
    return Fail(Code::kCancelled, command_.arguments.front() + " was stopped");
  }
  ended = count > 0 && events[0].revents != 0;
  if (!ended && steady_clock::now() >= deadline_) {
    return Fail(Code::kTimeout, command_.arguments.front() + " took more than " +
                                    std::to_string(command_.timeout.count() / 1000) +
                                    " s and was killed");
  }
  return {};
}

std::size_t Child::Take(UniqueFd& from, std::string& into, std::size_t limit) {
  std::size_t dropped = 0;
  std::array<char, 4096> buffer;
  // A full pipe and more; a program that never stops must come back to the deadline.
  for (int turn = 0; turn < 32 && from; ++turn) {
    const ssize_t got = read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    if (got <= 0) {
      from = UniqueFd();
      break;
    }
    const auto count = static_cast<std::size_t>(got);
    const std::size_t room = std::min(count, limit - into.size());
    into.append(buffer.data(), room);
    dropped += count - room;
  }
  return dropped;
}

Status Child::Drain() {
  Take(errors_, result_.errors, kMaxErrors);
  if (Take(output_, result_.output, command_.max_output) == 0) return {};
  return Fail(Code::kTooLarge, command_.arguments.front() + " wrote more than " +
                                   std::to_string(command_.max_output >> 10) +
                                   " KiB and was killed");
}

int Child::Reap(bool kill_first) {
  if (kill_first) kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

Result<ChildResult> Child::Finish() {
  for (bool ended = false; !ended;) {
    TELLTALE_TRY(WaitForEvents(ended));
    // After its end too: what it wrote last is still in the pipe.
    TELLTALE_TRY(Drain());
  }
  result_.exit_code = Reap(/*kill_first=*/false);
  return std::move(result_);
}

}  // namespace

Result<ChildResult> RunChild(const ChildCommand& command) {
  Child child(command);
  TELLTALE_TRY(child.Start());
  return child.Finish();
}

}  // namespace telltale
