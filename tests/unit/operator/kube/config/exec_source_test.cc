// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/config/exec_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "common/base/files.h"
#include "common/base/rfc3339.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Give("{}");
    // Counts its runs and gives what is in the file.
    Script("echo run >>" + folder_ + "runs; cat " + folder_ + "answer");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Script(const std::string& lines) {
    ASSERT_TRUE(WriteFileAtomic(folder_ + "plugin", "#!/bin/sh\n" + lines + "\n").ok());
    ASSERT_EQ(chmod((folder_ + "plugin").c_str(), 0700), 0);
  }
  void Give(const std::string& status) {
    ASSERT_TRUE(WriteFileAtomic(folder_ + "answer", R"({"kind":"ExecCredential","apiVersion":")" +
                                                        std::string(kExecV1) + R"(","status":)" +
                                                        status + "}")
                    .ok());
  }
  void GiveToken(const std::string& token, std::int64_t expires_nanos) {
    Give(R"({"token":")" + token + R"(","expirationTimestamp":")" + FormatRfc3339(expires_nanos) +
         R"("})");
  }
  std::size_t Runs() {
    auto text = ReadFile(folder_ + "runs");
    return text.ok() ? text->size() / 4 : 0;
  }
  ExecPlugin Plugin() {
    ExecPlugin plugin;
    plugin.command = folder_ + "plugin";
    plugin.api_version = kExecV1;
    plugin.info = ExecInfoJson(kExecV1, nullptr);
    return plugin;
  }

  const std::string folder_ = ::testing::TempDir() + "exec-source-" +
                              ::testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
  FakeClock clock_;
};

TEST_F(ExecSourceTest, ThePluginKnowsWhatItIsToldAndOurEnvironment) {
  Script("printf '%s' \"$KUBERNETES_EXEC_INFO/$GREETING/$1/$2/$PATH\" >" + folder_ + "seen; cat " +
         folder_ + "answer");
  Give(R"({"token":"abc"})");
  ExecPlugin plugin = Plugin();
  plugin.arguments = {"get token", "$x"};
  plugin.environment = {{"GREETING", "hi there"}};
  ExecSource source(plugin, clock_);
  auto given = source.Get();
  ASSERT_TRUE(given.ok()) << given.error().message;
  EXPECT_EQ((*given)->token, "abc");
  EXPECT_EQ(*ReadFile(folder_ + "seen"),
            plugin.info + "/hi there/get token/$x/" + std::string(getenv("PATH")));
}

TEST_F(ExecSourceTest, WhatItGaveIsUsedUntilItExpires) {
  GiveToken("first", clock_.WallNanos() + 60'000'000'000);
  ExecSource source(Plugin(), clock_);
  EXPECT_EQ((*source.Get())->token, "first");
  GiveToken("second", clock_.WallNanos() + 3'600'000'000'000);
  clock_.Advance(seconds(59));
  EXPECT_EQ((*source.Get())->token, "first");
  EXPECT_EQ(Runs(), 1u);
  clock_.Advance(seconds(2));
  EXPECT_EQ((*source.Get())->token, "second");
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(ExecSourceTest, WithoutAnExpiryItIsUsedUntilARefusal) {
  Give(R"({"token":"first"})");
  ExecSource source(Plugin(), clock_);
  const auto first = *source.Get();
  Give(R"({"token":"second"})");
  clock_.Advance(std::chrono::hours(1000));
  EXPECT_EQ((*source.Get())->token, "first");
  source.Rejected(first);
  const auto second = *source.Get();
  EXPECT_EQ(second->token, "second");
  // Of a request that was sent before.
  clock_.Advance(seconds(60));
  source.Rejected(first);
  EXPECT_EQ(*source.Get(), second);
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(ExecSourceTest, AServerThatRefusesEverythingDoesNotMakeItRunAllTheTime) {
  Give(R"({"token":"bad"})");
  ExecSource source(Plugin(), clock_);
  for (int i = 0; i < 10; ++i) source.Rejected(*source.Get());
  EXPECT_EQ(Runs(), 1u);
  clock_.Advance(seconds(5));
  for (int i = 0; i < 10; ++i) source.Rejected(*source.Get());
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(ExecSourceTest, NorDoesOneThatGivesWhatHasExpired) {
  GiveToken("old", clock_.WallNanos() - 1'000'000'000);
  ExecSource source(Plugin(), clock_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ((*source.Get())->token, "old");
  EXPECT_EQ(Runs(), 1u);
  clock_.Advance(seconds(5));
  EXPECT_TRUE(source.Get().ok());
  EXPECT_EQ(Runs(), 2u);
}

TEST_F(ExecSourceTest, AFailureSaysWhatThePluginSaidLastAndIsRememberedForAWhile) {
  Script("echo run >>" + folder_ +
         "runs; echo '{\"token\":\"secret\"}'; echo first >&2; "
         "echo 'your session has ended' >&2; exit 4");
  ExecPlugin plugin = Plugin();
  plugin.install_hint = "see https://example.org\n";
  ExecSource source(plugin, clock_);
  for (int i = 0; i < 5; ++i) {
    auto given = source.Get();
    ASSERT_FALSE(given.ok());
    EXPECT_EQ(given.error().code, Code::kUnavailable);
    EXPECT_EQ(given.error().message, "the kubeconfig's credential plugin " + plugin.command +
                                         " failed: it ended with 4 (your session has ended); "
                                         "see https://example.org");
  }
  EXPECT_EQ(Runs(), 1u);
  Script("cat " + folder_ + "answer");
  Give(R"({"token":"abc"})");
  clock_.Advance(seconds(5));
  EXPECT_TRUE(source.Get().ok());
}

TEST_F(ExecSourceTest, AMissingPluginAndAWrongAnswerAreErrors) {
  ExecPlugin plugin = Plugin();
  plugin.command = folder_ + "absent";
  plugin.install_hint = "install it";
  EXPECT_THAT(ExecSource(plugin, clock_).Get().error().message,
              AllOf(HasSubstr("absent"), HasSubstr("No such file"), HasSubstr("install it")));
  Give(R"({"clientKeyData":"secret"})");
  EXPECT_THAT(ExecSource(Plugin(), clock_).Get().error().message,
              AllOf(HasSubstr("belong together"), Not(HasSubstr("secret"))));
}

TEST_F(ExecSourceTest, ManyThatNeedItAtOnceMakeItRunOnce) {
  Give(R"({"token":"abc"})");
  ExecSource source(Plugin(), clock_);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_EQ((*source.Get())->token, "abc"); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Runs(), 1u);
}

TEST_F(ExecSourceTest, CancelEndsTheRunAndThoseToCome) {
  const std::string fifo = folder_ + "fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  Script("echo started >" + fifo + "; sleep 600");
  ExecSource source(Plugin(), clock_);
  std::thread canceller([&] {
    EXPECT_TRUE(ReadFile(fifo).ok());  // it runs
    source.Cancel();
  });
  auto given = source.Get();
  canceller.join();
  ASSERT_FALSE(given.ok());
  EXPECT_EQ(given.error().code, Code::kCancelled);
  EXPECT_EQ(source.Get().error().code, Code::kCancelled);
}

}  // namespace
}  // namespace telltale
