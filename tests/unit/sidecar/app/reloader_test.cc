// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/unit/sidecar/app/fake_promtail.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

using std::chrono::seconds;

class FileReloadTest : public ::testing::Test {
 protected:
  TempFolder folder_;
  Registry registry_;
  FakeClock clock_;
  ReloadCounters counters_{registry_};
  FakePromtail promtail_;
};

TEST_F(FileReloadTest, TellsTheContentAtTheStartAndEachThatDiffers) {
  folder_.Write("promtail.yaml", "a: 1\n");
  FileReload reload({folder_ / "promtail.yaml", promtail_.url() + "/reload?x=1"}, clock_,
                    counters_);
  reload.Step();
  reload.Step();
  ASSERT_EQ(promtail_.requests().size(), 1u);
  EXPECT_EQ(promtail_.requests()[0].method, "POST");
  EXPECT_EQ(promtail_.requests()[0].target, "/reload?x=1");

  folder_.Write("promtail.yaml", "a: 2\n");
  reload.Step();
  reload.Step();
  EXPECT_EQ(promtail_.requests().size(), 2u);
  EXPECT_EQ(counters_.success.Value(), 2u);
}

TEST_F(FileReloadTest, TheSameContentWrittenAgainIsNoNews) {
  folder_.Write("promtail.yaml", "a: 1\n");
  FileReload reload({folder_ / "promtail.yaml", promtail_.url()}, clock_, counters_);
  reload.Step();
  std::filesystem::remove(folder_ / "promtail.yaml");
  reload.Step();
  folder_.Write("promtail.yaml", "a: 1\n");
  reload.Step();
  EXPECT_EQ(promtail_.requests().size(), 1u);
}

TEST_F(FileReloadTest, AFileThatAppearsLaterIsTold) {
  FileReload reload({folder_ / "promtail.yaml", promtail_.url()}, clock_, counters_);
  EXPECT_EQ(reload.Step(), clock_.Steady() + kReloadLook);
  EXPECT_EQ(promtail_.requests().size(), 0u);
  folder_.Write("promtail.yaml", "a: 1\n");
  reload.Step();
  EXPECT_EQ(promtail_.requests().size(), 1u);
}

TEST_F(FileReloadTest, TriesAgainAfterAWaitUntilItIsTaken) {
  promtail_.Answer(500, "cannot parse");
  folder_.Write("promtail.yaml", "a: 1\n");
  FileReload reload({folder_ / "promtail.yaml", promtail_.url()}, clock_, counters_);
  const SteadyTime next = reload.Step();
  EXPECT_GT(next, clock_.Steady());
  reload.Step();  // too early
  EXPECT_EQ(promtail_.requests().size(), 1u);
  clock_.Advance(2 * kReloadRetryCap);
  reload.Step();
  EXPECT_EQ(promtail_.requests().size(), 2u);
  EXPECT_EQ(counters_.failure.Value(), 2u);
  promtail_.Answer(204);
  clock_.Advance(2 * kReloadRetryCap);
  reload.Step();
  clock_.Advance(2 * kReloadRetryCap);
  reload.Step();
  EXPECT_EQ(promtail_.requests().size(), 3u);
  EXPECT_EQ(counters_.success.Value(), 1u);
}

TEST_F(FileReloadTest, NewContentIsToldAtOnceThoughTheOldIsWaiting) {
  promtail_.Answer(500);
  folder_.Write("promtail.yaml", "broken\n");
  FileReload reload({folder_ / "promtail.yaml", promtail_.url()}, clock_, counters_);
  reload.Step();
  promtail_.Answer(200);
  folder_.Write("promtail.yaml", "a: 1\n");
  reload.Step();
  EXPECT_EQ(counters_.success.Value(), 1u);
}

TEST_F(FileReloadTest, PromtailThatHasTheContentAlreadyIsContent) {
  promtail_.Answer(500, "failed to reload config: config has not changed\n");
  folder_.Write("promtail.yaml", "a: 1\n");
  FileReload reload({folder_ / "promtail.yaml", promtail_.url()}, clock_, counters_);
  reload.Step();
  clock_.Advance(2 * kReloadRetryCap);
  reload.Step();
  EXPECT_EQ(promtail_.requests().size(), 1u);
  EXPECT_EQ(counters_.unchanged.Value(), 1u);
  EXPECT_EQ(counters_.failure.Value(), 0u);
}

TEST(Reloader, ItsThreadTellsPromtailAndStopsAtOnce) {
  TempFolder folder;
  FakePromtail promtail;
  Registry registry;
  Reloader reloader(registry, RealClock());
  reloader.Configure({});
  folder.Write("f", "1");
  reloader.Configure({{folder / "f", promtail.url()}});
  EXPECT_TRUE(promtail.WaitFor(1));
  folder.Write("f", "2");
  EXPECT_TRUE(promtail.WaitFor(2));
  reloader.Configure({{folder / "f", promtail.url()}});  // it stays, with what Promtail accepted
  const auto start = std::chrono::steady_clock::now();
  reloader.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kReloadLook);  // it did not wait for it
  EXPECT_EQ(promtail.requests().size(), 2u);
}

}  // namespace
}  // namespace telltale
