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

// Stands for statvfs on a mount whose server is away, until Answer.
struct Hang {
  std::promise<void> answer;
  std::shared_future<void> answered{answer.get_future()};
  std::atomic<int> calls{0};

  MountProber::Stat Stat() {
    return [this, answered_now = answered](const std::string&) -> Result<FilesystemUsage> {
      ++calls;
      answered_now.wait();
      FilesystemUsage usage;
      usage.size = 42;
      return usage;
    };
  }
};

TEST(MountProber, AMountThatHangsIsGivenUpAndNotAskedTwice) {
  Hang hang;
  MountProber prober(hang.Stat(), milliseconds(5));
  for (int cycle = 0; cycle < 3; ++cycle) {
    prober.Begin();
    const auto usage = prober.Probe("/mnt", true);
    ASSERT_FALSE(usage.ok());
    EXPECT_EQ(usage.error().code, Code::kTimeout);
  }
  hang.answer.set_value();
  // The call that was left behind comes back, and its answer is used.
  WaitUntil("the mount answers", [&] {
    prober.Begin();
    const auto usage = prober.Probe("/mnt", true);
    if (usage.ok()) {
      EXPECT_EQ(usage->size, 42u);
    }
    return usage.ok();
  });
  EXPECT_EQ(hang.calls, 1);
}

TEST(MountProber, TheWaitIsBoundedForAllMountsTogether) {
  Hang hang;
  {
    MountProber prober(hang.Stat(), milliseconds(500));
    prober.Begin();
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i) EXPECT_FALSE(prober.Probe("/mnt" + std::to_string(i), true).ok());
    // One wait, or a few on a busy machine, and not 50 of them.
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(20 * 500));
  }
  hang.answer.set_value();
  WaitUntil("the threads that use `hang` have ended", [&] { return hang.calls >= 50; });
}

TEST(MountProber, ALocalMountIsAskedOnTheCallersThread) {
  std::thread::id asked;
  MountProber prober([&](const std::string&) -> Result<FilesystemUsage> {
    asked = std::this_thread::get_id();
    return FilesystemUsage{};
  });
  prober.Begin();
  EXPECT_TRUE(prober.Probe("/", false).ok());
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
