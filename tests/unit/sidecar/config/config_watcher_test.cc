// SPDX-License-Identifier: Apache-2.0
#include "sidecar/config/config_watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConfigWatcherTest : public ::testing::Test {
 protected:
  std::string Page() {
    std::string page;
    registry_.Render(page);
    return page;
  }
  static bool Readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return poll(&p, 1, 5'000) == 1;
  }
  // As kubelet does: a new folder, a symlink to it, renamed over ..data.
  void Publish(const std::string& version, const std::string& content) {
    folder_.Write(".." + version + "/a.json", content);
    std::filesystem::create_symlink(".." + version, folder_ / "..data_tmp");
    std::filesystem::rename(folder_ / "..data_tmp", folder_ / "..data");
    if (!std::filesystem::exists(folder_ / "a.json")) {
      std::filesystem::create_symlink("..data/a.json", folder_ / "a.json");
    }
  }
  static std::string Document(const std::string& interval) {
    return R"({"selector": {"matchAll": true}, "config": {"version": 1, "interval": ")" + interval +
           "\"}}";
  }

  TempFolder folder_;
  Registry registry_;
  FakeClock clock_;
};

TEST_F(ConfigWatcherTest, SeesTheFlipOfAMountedConfigMap) {
  Publish("1", Document("5s"));
  ConfigWatcher watcher(folder_.path(), "", registry_, clock_);
  EXPECT_TRUE(watcher.Check());
  EXPECT_EQ(watcher.current().config.IntervalMs(), 5'000);
  EXPECT_FALSE(watcher.Check());

  const std::string before = watcher.current().hash;
  Publish("2", Document("7s"));
  EXPECT_TRUE(Readable(watcher.fd()));
  EXPECT_TRUE(watcher.Check());
  EXPECT_EQ(watcher.current().config.IntervalMs(), 7'000);
  EXPECT_THAT(Page(), HasSubstr("telltale_config_info{hash=\"" + watcher.current().hash + "\"} 1"));
  EXPECT_THAT(Page(), Not(HasSubstr(before)));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_last_reload_successful 1"));
}

TEST_F(ConfigWatcherTest, ABadOneKeepsTheLastGoodOneAndIsCounted) {
  folder_.Write("c.yaml", "version: 1\ninterval: 5s\n");
  ConfigWatcher watcher(folder_ / "c.yaml", "", registry_, clock_);
  EXPECT_TRUE(watcher.Check());
  const std::string hash = watcher.current().hash;
  const std::string good_at = "telltale_config_last_reload_success_timestamp_seconds " +
                              std::to_string(FakeClock::kStartNanos / 1'000'000'000);
  EXPECT_THAT(Page(), HasSubstr(good_at));

  clock_.Advance(std::chrono::seconds(60));
  folder_.Write("c.yaml", "version: 1\ninterval: never\n");
  EXPECT_TRUE(Readable(watcher.fd()));
  EXPECT_FALSE(watcher.Check());
  EXPECT_EQ(watcher.current().config.IntervalMs(), 5'000);
  EXPECT_EQ(watcher.current().hash, hash);
  EXPECT_THAT(Page(), HasSubstr("telltale_config_last_reload_successful 0"));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_reload_failures_total 1"));
  EXPECT_THAT(Page(), HasSubstr(good_at));

  folder_.Write("c.yaml", "version: 1\ninterval: 6s\n");
  EXPECT_TRUE(watcher.Check());
  EXPECT_THAT(Page(), HasSubstr("telltale_config_last_reload_successful 1"));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_reloads_total 3"));
}

TEST_F(ConfigWatcherTest, ShowsTheGenerationOfEachTargetAndWhichIsRefused) {
  const auto write = [&](const std::string& name, int generation, const std::string& interval) {
    folder_.Write(name, R"({"selector": {"matchAll": true}, "generation": )" +
                            std::to_string(generation) +
                            R"(, "config": {"version": 1, "interval": ")" + interval + "\"}}");
  };
  write("shop.web.json", 3, "5s");
  write("shop.db.json", 7, "5s");
  ConfigWatcher watcher(folder_.path(), "", registry_, clock_);
  EXPECT_TRUE(watcher.Check());
  EXPECT_THAT(Page(), HasSubstr("telltale_config_target_generation{target=\"shop/web\"} 3\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_target_refused{target=\"shop/web\"} 0\n"));
  write("shop.web.json", 4, "never");
  std::filesystem::remove(folder_ / "shop.db.json");
  watcher.Check();
  EXPECT_THAT(Page(), HasSubstr("telltale_config_target_generation{target=\"shop/web\"} 3\n"));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_target_refused{target=\"shop/web\"} 1\n"));
  EXPECT_THAT(Page(), Not(HasSubstr("shop/db")));
}

TEST_F(ConfigWatcherTest, ACheckThatIsAskedForJudgesUnchangedTextsAgain) {
  folder_.Write("c.yaml", "version: 1\n");
  ConfigWatcher watcher(folder_ / "c.yaml", "", registry_, clock_);
  EXPECT_TRUE(watcher.Check());
  EXPECT_FALSE(watcher.Check(true));
  EXPECT_THAT(Page(), HasSubstr("telltale_config_reloads_total 2\n"));
}

TEST_F(ConfigWatcherTest, AFolderThatIsMadeLaterIsFoundByTheSweep) {
  ConfigWatcher watcher(folder_ / "later/config", "", registry_, clock_);
  EXPECT_TRUE(watcher.Check());
  EXPECT_EQ(watcher.NextSweep(), clock_.Steady() + std::chrono::seconds(10));
  folder_.Write("later/config/a.json", Document("4s"));
  clock_.Advance(std::chrono::seconds(10));
  EXPECT_TRUE(watcher.Check());
  EXPECT_EQ(watcher.current().config.IntervalMs(), 4'000);
  // From now on it is watched.
  folder_.Write("later/config/b.json", Document("3s"));
  EXPECT_TRUE(Readable(watcher.fd()));
  EXPECT_TRUE(watcher.Check());
  EXPECT_EQ(watcher.current().config.IntervalMs(), 3'000);
}

TEST_F(ConfigWatcherTest, LabelsOfThePodThatChangeAreAChange) {
  folder_.Write("pod/labels", "app=\"a\"");
  ConfigWatcher watcher(folder_ / "config", folder_ / "pod", registry_, clock_);
  EXPECT_TRUE(watcher.Check());
  folder_.Write("pod/labels", "app=\"b\"");
  EXPECT_TRUE(Readable(watcher.fd()));
  EXPECT_TRUE(watcher.Check());
  EXPECT_EQ(watcher.current().pod_labels, (Labels{{"app", "b"}}));
}

}  // namespace
}  // namespace telltale
