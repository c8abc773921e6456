// SPDX-License-Identifier: Apache-2.0
// What a start finds after another one ended, in order or by SIGKILL.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/unit/sidecar/ship/pipeline_fixture.h"

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

FakeLoki::Reply StoredWithoutAnswer() {
  FakeLoki::Reply reply;
  reply.store = true;
  reply.then = Then::kHang;
  return reply;
}

// Runs before any test, and in a process that StartProcess made until that is killed.
class Child : public testing::Environment {
  void SetUp() override {
    const char* folder = std::getenv("TELLTALE_CHILD_FOLDER");
    if (folder == nullptr) return;
    LogPipelineOptions options;
    options.loki_url = std::getenv("TELLTALE_CHILD_URL");
    options.state_dir = std::string(folder) + "/state";
    options.batch_bytes = 500;
    options.batch_wait = Millis(20);
    LogSource source;
    source.include = {std::string(folder) + "/log/*.log"};
    source.labels = {{"app", "shop"}, {"namespace", "n"}};
    Registry registry;
    LogPipeline pipeline(options, registry, RealClock());
    ASSERT_TRUE(pipeline.Start().ok());
    pipeline.Reconfigure({source}, options);
    while (true) pause();
  }
};
[[maybe_unused]] const auto* const kChildMode = testing::AddGlobalTestEnvironment(new Child);

class PipelineCrashTest : public PipelineTest {
 protected:
  // The pipeline in a process of its own: this program again, see Child.
  pid_t StartProcess() {
    setenv("TELLTALE_CHILD_FOLDER", temp_.path().c_str(), 1);
    setenv("TELLTALE_CHILD_URL", loki_.url().c_str(), 1);
    std::string self = "/proc/self/exe";
    char* arguments[] = {self.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, self.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    unsetenv("TELLTALE_CHILD_FOLDER");  // else --gtest_repeat would make this one a child, too
    return child;
  }
  static void Kill(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
};

TEST_F(PipelineCrashTest, AfterAKillTheSameBytesAreSentAgain) {
  loki_.SetDefault(StoredWithoutAnswer());
  Append("a.log", Numbers(0, 1000));
  pid_t child = StartProcess();
  ASSERT_TRUE(loki_.WaitForPushes(1));
  Kill(child);
  loki_.SetDefault({});
  Start();
  ASSERT_TRUE(Flush());
  auto pushes = loki_.pushes();
  ASSERT_GE(pushes.size(), 2u);
  EXPECT_EQ(pushes[1].body, pushes[0].body);
  EXPECT_EQ(loki_.duplicates(), pushes[0].entries.size());
  EXPECT_THAT(loki_.lines(), ElementsAreArray(NumberList(0, 1000)));
}

TEST_F(PipelineCrashTest, KillsAtAnyMomentLoseNothingAndDoubleNothing) {
  int written = 0;
  std::size_t seen = 0;
  for (int round = 0; round < 12; ++round) {
    // Answers stop at another push in each round, so that the kill falls into another moment.
    std::vector<FakeLoki::Reply> replies(static_cast<std::size_t>(round * 3));
    loki_.SetDefault(StoredWithoutAnswer());
    loki_.Script(replies);
    Append("a.log", Numbers(written, written + 2000) + "unfin");
    if (round % 4 == 1) Append("a.log", "");
    pid_t child = StartProcess();
    ASSERT_TRUE(loki_.WaitForPushes(seen + replies.size() + 1)) << round;
    Kill(child);
    seen = loki_.pushes().size();
    written += 2000;
    Append("a.log", "ished\n");
    if (round % 3 == 2) {
      Rename("a.log", "a.log." + std::to_string(round));  // while nobody looks
    }
  }
  loki_.SetDefault({});
  loki_.Script({});
  Start();
  ASSERT_TRUE(Flush());
  std::vector<std::string> expected;
  for (int from = 0; from < written; from += 2000) {
    auto numbers = NumberList(from, from + 2000);
    expected.insert(expected.end(), numbers.begin(), numbers.end());
    expected.push_back("unfinished");
  }
  EXPECT_THAT(loki_.lines(), ElementsAreArray(expected));
  EXPECT_GT(loki_.duplicates(), 0u);  // which were sent again, and are not stored again
}

TEST_F(PipelineCrashTest, AnOrderlyEndLeavesNothingToSendAgain) {
  Append("a.log", "one\n");
  Start();
  Stop();
  Append("a.log", "two\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.pushes().size(), 2u);
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
}

TEST_F(PipelineCrashTest, AFileRotatedWhileTheProgramWasDownIsReadOn) {
  Append("a.log", "one\n");
  Start();
  Stop();
  Append("a.log", "two\n");
  Rename("a.log", "a.log.1");
  Append("a.log", "three\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(loki_.duplicates(), 0u);
  auto streams = loki_.streams();
  ASSERT_EQ(streams.size(), 1u);
  std::map<std::int64_t, std::string> by_time;
  for (const auto& entry : streams.begin()->second) by_time[entry.time] = entry.line;
  EXPECT_THAT(by_time,
              ElementsAre(testing::Pair(testing::_, "one"), testing::Pair(testing::_, "two"),
                          testing::Pair(testing::_, "three")));
}

TEST_F(PipelineCrashTest, AFileThatIsGoneWithLinesUnderWayIsCounted) {
  loki_.GoDown();
  Append("a.log", "one\ntwo\n");
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 2));
  Crash();
  std::filesystem::remove(Log("a.log"));
  loki_.ComeBack();
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Lost("lines", "file_gone"), 2);
  EXPECT_EQ(Lost("bytes", "file_gone"), 8);
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_EQ(Lost("lines", "file_gone"), 0);  // once
}

TEST_F(PipelineCrashTest, AFileTruncatedWhileTheProgramWasDownIsReadFromItsStart) {
  loki_.GoDown();
  Append("a.log", "one\ntwo\n");
  Start();
  ASSERT_TRUE(WaitForMetric("pending_lines", 2));
  Crash();
  std::ofstream(Log("a.log"), std::ios::binary) << "other\nlines\n";
  loki_.ComeBack();
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("other", "lines"));
  EXPECT_EQ(Lost("lines", "file_gone"), 2);
  Restart();
  ASSERT_TRUE(Flush());
  EXPECT_THAT(loki_.lines(), ElementsAre("other", "lines"));
  EXPECT_EQ(loki_.duplicates(), 0u);
}

TEST_F(PipelineCrashTest, WithoutAJournalItStartsOverAndStillShips) {
  options_.state_dir = "/proc/nowhere";
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(Flush());
  EXPECT_GE(Metric("journal_errors_total"), 1);
  Append("a.log", "two\n");
  ASSERT_TRUE(Flush());
  Stop();
  EXPECT_THAT(loki_.lines(), ElementsAre("one", "two"));
}

}  // namespace
}  // namespace telltale
