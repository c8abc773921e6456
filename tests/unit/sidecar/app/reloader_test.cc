// SPDX-License-Identifier: Apache-2.0
#include "sidecar/app/reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <string>

#include "common/base/files.h"
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

// Reads its file as Promtail does: it stops what runs before it knows whether the new text is good,
// and says that nothing changed when the text is the last one that it loaded.
class LoadingPromtail {
 public:
  explicit LoadingPromtail(std::string file) : file_(std::move(file)) {
    EXPECT_TRUE(server_.Start().ok());
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()); }
  std::string Running() const {
    const std::lock_guard lock(mutex_);
    return running_;
  }
  // As a new process; "" when it does not start.
  std::string Start() {
    const std::lock_guard lock(mutex_);
    loaded_.clear();
    Load();
    return running_;
  }
  int asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  HttpResponse Load() {
    const auto read = ReadFile(file_);
    const std::string text = read.ok() ? *read : "";
    if (text == loaded_)
      return TextResponse(500, "failed to reload config: config has not changed\n");
    running_.clear();
    if (text.empty() || text.find("broken") != std::string::npos) {
      return TextResponse(500, "failed to reload config: it is broken\n");
    }
    running_ = loaded_ = text;
    return TextResponse(204, "");
  }
  HttpResponse Handle() {
    const std::lock_guard lock(mutex_);
    ++asked_;
    return Load();
  }
  static HttpServerOptions Options() {
    HttpServerOptions options;
    options.listen = "127.0.0.1:0";
    return options;
  }

  const std::string file_;
  mutable std::mutex mutex_;
  std::string running_, loaded_;
  int asked_ = 0;
  HttpServer server_{Options(), [this](const HttpRequest&) { return Handle(); }};
};

class AcceptedCopyTest : public FileReloadTest {
 protected:
  FileReload Make() {
    return FileReload({folder_ / "watched.yaml", loading_.url(), folder_ / "copy.yaml"}, clock_,
                      counters_);
  }
  std::string Copy() {
    const auto read = ReadFile(folder_ / "copy.yaml");
    return read.ok() ? *read : "(none)";
  }

  LoadingPromtail loading_{folder_ / "copy.yaml"};
};

TEST_F(AcceptedCopyTest, PromtailCanStartWithTheCopyBeforeItIsAsked) {
  folder_.Write("watched.yaml", "a: 1\n");
  FileReload reload = Make();
  EXPECT_EQ(Copy(), "a: 1\n");
  EXPECT_EQ(loading_.Start(), "a: 1\n");
  reload.Step();
  EXPECT_EQ(counters_.unchanged.Value(), 1u);
  EXPECT_EQ(std::filesystem::status(folder_ / "copy.yaml").permissions(),
            std::filesystem::perms(0644))
      << "Promtail is another user";
}

TEST_F(AcceptedCopyTest, ARefusedContentIsTakenBackForTheRunningPromtailAndForTheNextOne) {
  folder_.Write("watched.yaml", "a: 1\n");
  FileReload reload = Make();
  reload.Step();
  for (const auto* refused : {"broken: 1\n", "broken: 2\n", "a: 1\nbroken: 3\n"}) {
    folder_.Write("watched.yaml", refused);
    reload.Step();
    EXPECT_THAT(loading_.Running(), ::testing::StartsWith("a: 1\n")) << refused;
    EXPECT_THAT(loading_.Start(), ::testing::StartsWith("a: 1\n")) << refused;
  }
  EXPECT_EQ(counters_.failure.Value(), 3u);

  folder_.Write("watched.yaml", "a: 2\n");
  reload.Step();
  EXPECT_EQ(loading_.Running(), "a: 2\n");
  EXPECT_EQ(Copy(), "a: 2\n");
}

TEST_F(AcceptedCopyTest, ARefusedContentIsTriedAgainRarelyAsEachTryStopsTheReading) {
  folder_.Write("watched.yaml", "a: 1\n");
  FileReload reload = Make();
  reload.Step();
  folder_.Write("watched.yaml", "broken\n");
  reload.Step();
  const int asked = loading_.asked();
  clock_.Advance(kRefusedRetry - seconds(1));
  reload.Step();
  EXPECT_EQ(loading_.asked(), asked);
  clock_.Advance(seconds(2));
  reload.Step();
  EXPECT_GT(loading_.asked(), asked);
  EXPECT_THAT(loading_.Running(), ::testing::StartsWith("a: 1\n"));
}

TEST_F(AcceptedCopyTest, AnotherProcessOfOursKnowsWhatWasAcceptedAndRestoresItToo) {
  folder_.Write("watched.yaml", "a: 1\n");
  Make().Step();
  for (int i = 0; i < 3; ++i) {
    // Killed between the offer and the answer.
    folder_.Write("copy.yaml", "broken: " + std::to_string(i) + "\n");
    folder_.Write("watched.yaml", "broken: " + std::to_string(i) + "\n");
    FileReload reload = Make();
    EXPECT_EQ(Copy(), "a: 1\n");
    reload.Step();
    EXPECT_THAT(loading_.Running(), ::testing::StartsWith("a: 1\n")) << i;
    EXPECT_THAT(Copy(), ::testing::StartsWith("a: 1\n")) << i;
  }
}

TEST_F(AcceptedCopyTest, WithNothingAcceptedYetTheNewestIsOfferedUntilItIsTaken) {
  folder_.Write("watched.yaml", "broken\n");
  FileReload reload = Make();
  reload.Step();
  EXPECT_EQ(loading_.Running(), "");
  folder_.Write("watched.yaml", "a: 1\n");
  reload.Step();
  EXPECT_EQ(loading_.Running(), "a: 1\n");
}

TEST_F(AcceptedCopyTest, APromtailThatIsAwayFindsTheGoodFileAndGetsTheNewOneWhenItIsBack) {
  folder_.Write("watched.yaml", "a: 1\n");
  promtail_.Answer(200);
  FileReload reload({folder_ / "watched.yaml", "http://127.0.0.1:1/reload", folder_ / "copy.yaml"},
                    clock_, counters_);
  ASSERT_TRUE(WriteFileAtomic(folder_ / "copy.yaml.accepted", "a: 0\n").ok());
  reload.Step();
  EXPECT_THAT(Copy(), ::testing::StartsWith("a: 0\n"));
  clock_.Advance(2 * kReloadRetryCap);
  EXPECT_LE(reload.Step() - clock_.Steady(), kReloadRetryCap) << "it has refused nothing";
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
