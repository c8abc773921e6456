// SPDX-License-Identifier: Apache-2.0
#include "sidecar/collect/mount_prober.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "tests/fakes/wait_until.h"

namespace telltale {
namespace {

using std::chrono::milliseconds;

using Questions = std::vector<MountProber::Question>;

// Filesystems of which those named "hung..." do not answer until Answer.
struct Filesystems {
  std::promise<void> answer;
  std::shared_future<void> answered{answer.get_future()};
  std::atomic<int> calls{0}, returned{0};

  MountProber::Stat Stat() {
    return [this, done = answered](const std::string& path) -> Result<FilesystemUsage> {
      ++calls;
      if (path.starts_with("/hung")) done.wait();
      if (path.starts_with("/slow")) std::this_thread::sleep_for(milliseconds(100));
      FilesystemUsage usage;
      usage.size = 42;
      ++returned;
      return usage;
    };
  }
};

std::string Answered(MountProber& prober, const Questions& questions) {
  std::string out;
  for (const auto& answer : prober.Ask(questions)) {
    out += answer.ok() ? 'y' : answer.error().code == Code::kTimeout ? '-' : '?';
  }
  return out;
}

// Case A1.2.
TEST(MountProber, AMountThatHangsHurtsNoHealthyOneWhereverItStands) {
  for (const Questions& questions :
       {Questions{{"/hung", true}, {"/a", true}, {"/slow", true}},
        Questions{{"/a", true}, {"/hung", true}, {"/slow", true}},
        Questions{{"/slow", true}, {"/a", true}, {"/hung", true}},
        Questions{{"/hung", true}, {"/a", true}, {"/hung2", true}, {"/local", false}}}) {
    Filesystems filesystems;
    MountProber prober(filesystems.Stat(), milliseconds(1'000));
    std::string expected;
    for (const auto& q : questions) expected += q.path.starts_with("/hung") ? '-' : 'y';
    for (int cycle = 0; cycle < 3; ++cycle) EXPECT_EQ(Answered(prober, questions), expected);
    filesystems.answer.set_value();
    WaitUntil("the threads have ended", [&] { return filesystems.returned == filesystems.calls; });
  }
}

TEST(MountProber, AStuckMountIsWaitedForOnceAndAskedOnce) {
  Filesystems filesystems;
  MountProber prober(filesystems.Stat(), milliseconds(50));
  EXPECT_EQ(Answered(prober, {{"/hung", true}}), "-");
  const auto start = std::chrono::steady_clock::now();
  for (int cycle = 0; cycle < 1'000; ++cycle) EXPECT_EQ(Answered(prober, {{"/hung", true}}), "-");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_EQ(filesystems.calls, 1);
  filesystems.answer.set_value();
  WaitUntil("the call comes back", [&] { return filesystems.returned == 1; });
  // Its answer is an old one: the mount is asked again.
  WaitUntil("it is asked again", [&] { return Answered(prober, {{"/hung", true}}) == "y"; });
  EXPECT_EQ(filesystems.calls, 2);
}

TEST(MountProber, TheWaitIsBoundedForAllMountsTogether) {
  Filesystems filesystems;
  Questions questions;
  for (int i = 0; i < 50; ++i) questions.push_back({"/hung" + std::to_string(i), true});
  {
    MountProber prober(filesystems.Stat(), milliseconds(500));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(Answered(prober, questions), std::string(50, '-'));
    // One wait, or a few on a busy machine, and not 50 of them.
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(20 * 500));
  }
  filesystems.answer.set_value();
  WaitUntil("the threads have ended", [&] { return filesystems.returned == 50; });
}

TEST(MountProber, ALocalMountIsAskedOnTheCallersThread) {
  std::thread::id asked;
  MountProber prober([&](const std::string&) -> Result<FilesystemUsage> {
    asked = std::this_thread::get_id();
    return FilesystemUsage{};
  });
  EXPECT_TRUE(prober.Ask({{"/", false}})[0].ok());
  EXPECT_EQ(asked, std::this_thread::get_id());
}

TEST(StatFilesystem, TellsFoldersFromFilesAndNamesWhatIsNotThere) {
  const auto root = StatFilesystem("/");
  ASSERT_TRUE(root.ok());
  EXPECT_TRUE(root->folder);
  EXPECT_GT(root->size, 0u);
  EXPECT_GE(root->free, root->available);
  const auto file = StatFilesystem("/proc/self/stat");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->folder);
  const auto none = StatFilesystem("/does/not/exist");
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("/does/not/exist"), std::string::npos);
}

}  // namespace
}  // namespace telltale
