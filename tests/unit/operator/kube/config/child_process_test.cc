// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "common/base/files.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

ChildCommand Shell(const std::string& script) {
  ChildCommand command;
  command.arguments = {"/bin/sh", "-c", script};
  command.environment = {"PATH=/usr/bin:/bin"};
  return command;
}

// A pipe that is closed at its other end when all processes that hold it are gone.
class Witness {
 public:
  Witness() {
    EXPECT_EQ(pipe(ends_), 0);
    path_ = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(ends_[1]);
  }
  ~Witness() { close(ends_[0]); }
  // For a script: a process that opened it shows by it that it lives.
  const std::string& path() const { return path_; }
  // False when somebody still holds it after half a minute.
  bool AllGone() {
    close(ends_[1]);
    pollfd end{ends_[0], 0, 0};
    return poll(&end, 1, 30'000) == 1;
  }

 private:
  int ends_[2];
  std::string path_;
};

TEST(RunChild, GivesWhatTheProgramWroteAndHowItEnded) {
  auto ended = RunChild(Shell("echo out; echo err >&2; exit 3"));
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  EXPECT_EQ(ended->exit_code, 3);
  EXPECT_EQ(ended->output, "out\n");
  EXPECT_EQ(ended->errors, "err\n");
}

TEST(RunChild, ArgumentsReachTheProgramAsTheyAre) {
  ChildCommand command;
  command.arguments = {"printf", "%s|", "a b", "$HOME", "`id`", "", "*"};
  auto ended = RunChild(command);
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  EXPECT_EQ(ended->output, "a b|$HOME|`id`||*|");
}

TEST(RunChild, TheEnvironmentIsTheOneGiven) {
  ChildCommand command = Shell("echo $ONE-$HOME");
  command.environment.push_back("ONE=1");
  EXPECT_EQ(RunChild(command)->output, "1-\n");
}

TEST(RunChild, TheInputIsEmptyAndNoOtherDescriptorIsHandedOn) {
  // As Asio's sockets: open, and not close-on-exec.
  const UniqueFd leaky(open("/dev/null", O_RDONLY));
  auto ended = RunChild(Shell("cat; ls /proc/self/fd | wc -l"));
  ASSERT_TRUE(ended.ok());
  // 0, 1, 2 and the one with which ls reads the folder.
  EXPECT_EQ(Trim(ended->output), "4");
}

TEST(RunChild, SignalsThatWeIgnoreAreNotIgnoredThere) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  auto ended = RunChild(Shell("kill -PIPE $$; echo survived"));
  std::signal(SIGPIPE, before);
  ASSERT_TRUE(ended.ok());
  EXPECT_EQ(ended->exit_code, 128 + SIGPIPE);
  EXPECT_THAT(ended->output, Not(HasSubstr("survived")));
}

TEST(RunChild, AProgramThatIsNotThereIsNamed) {
  ChildCommand command;
  command.arguments = {"no-such-program-anywhere"};
  auto ended = RunChild(command);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::kNotFound);
  EXPECT_THAT(ended.error().message, HasSubstr("no-such-program-anywhere"));
}

TEST(RunChild, TimeKillsTheProgramAndItsChildren) {
  Witness witness;
  ChildCommand command = Shell("exec 9>" + witness.path() + "; sleep 600 & sleep 600");
  command.timeout = milliseconds(300);
  auto ended = RunChild(command);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::kTimeout);
  EXPECT_TRUE(witness.AllGone());
}

TEST(RunChild, TooMuchOutputKillsTheProgram) {
  Witness witness;
  ChildCommand command = Shell("exec 9>" + witness.path() + "; yes");
  command.max_output = 100'000;
  auto ended = RunChild(command);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::kTooLarge);
  EXPECT_TRUE(witness.AllGone());
}

TEST(RunChild, AnEndlessComplaintMeetsTheDeadline) {
  ChildCommand command = Shell("yes >&2");
  command.timeout = milliseconds(300);
  EXPECT_EQ(RunChild(command).error().code, Code::kTimeout);
}

TEST(RunChild, CancelKillsTheProgram) {
  const UniqueFd cancel(eventfd(0, EFD_CLOEXEC));
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  ChildCommand command = Shell("echo started >/proc/" + std::to_string(getpid()) + "/fd/" +
                               std::to_string(ready[1]) + "; sleep 600");
  command.cancel_fd = cancel.get();
  std::thread canceller([&] {
    char byte;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);  // it runs
    const std::uint64_t one = 1;
    EXPECT_EQ(write(cancel.get(), &one, sizeof one), ssize_t{sizeof one});
  });
  auto ended = RunChild(command);
  canceller.join();
  close(ready[0]);
  close(ready[1]);
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::kCancelled);
}

TEST(RunChild, AProcessThatIsLeftBehindIsNotWaitedFor) {
  ChildCommand command = Shell("sleep 600 & echo $!");
  auto ended = RunChild(command);
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  const auto left_behind = ParseInt(Trim(ended->output));
  ASSERT_TRUE(left_behind && *left_behind > 1);
  EXPECT_EQ(kill(static_cast<pid_t>(*left_behind), SIGKILL), 0) << "an agent may go on";
}

TEST(RunChild, ALongAnswerOfAFastProgramComesWhole) {
  auto ended = RunChild(Shell("head -c 700000 /dev/zero | tr '\\0' x"));
  ASSERT_TRUE(ended.ok()) << ended.error().message;
  EXPECT_EQ(ended->output, std::string(700'000, 'x'));
}

}  // namespace
}  // namespace telltale
