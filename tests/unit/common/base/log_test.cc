// SPDX-License-Identifier: Apache-2.0
#include "common/base/log.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "common/base/rfc3339.h"
#include "common/base/strings.h"

namespace telltale {
namespace {

std::vector<std::string>& Lines() {
  static std::vector<std::string> lines;
  return lines;
}

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Lines().clear();
    SetLogSinkForTest([](std::string_view line) { Lines().emplace_back(line); });
    ASSERT_TRUE(ConfigureLog("info", "logfmt").ok());
  }
  void TearDown() override {
    SetLogSinkForTest(nullptr);
    ASSERT_TRUE(ConfigureLog("info", "logfmt").ok());
  }
  // The last line without its time, which is checked to be one.
  static std::string Last(std::string_view before, std::string_view after) {
    const std::string& line = Lines().at(Lines().size() - 1);
    EXPECT_EQ(line.substr(0, before.size()), before);
    EXPECT_TRUE(ParseRfc3339(line.substr(before.size(), 24))) << line;
    EXPECT_EQ(line.substr(before.size() + 24, after.size()), after);
    return line.substr(before.size() + 24 + after.size());
  }
};

TEST_F(LogTest, WritesLogfmtAndQuotesOnlyWhatNeedsIt) {
  LogInfo("config loaded", {{"file", "/etc/x.yaml"}, {"lines", 12}, {"empty", ""}, {"eq", "a=b"}});
  EXPECT_EQ(Last("ts=", " "),
            "level=info msg=\"config loaded\" file=/etc/x.yaml lines=12 empty=\"\" eq=\"a=b\"\n");
}

TEST_F(LogTest, WritesJson) {
  ASSERT_TRUE(ConfigureLog("info", "json").ok());
  LogError("no \"luck\"", {{"path", "C:\\x\n"}, {"n", -1}});
  EXPECT_EQ(
      Last("{\"ts\":\"", "\","),
      "\"level\":\"error\",\"msg\":\"no \\\"luck\\\"\",\"path\":\"C:\\\\x\\n\",\"n\":\"-1\"}\n");
}

TEST_F(LogTest, KeepsOneLineOneLineWhateverTheValue) {
  LogWarn("m", {{"v", std::string_view("a\nb\r\t\0\x1b[1m\xFF\x7f", 12)}});
  EXPECT_EQ(Last("ts=", " "),
            "level=warn msg=m v=\"a\\nb\\r\\t\\u0000\\u001b[1m\xEF\xBF\xBD\\u007f\"\n");
}

TEST_F(LogTest, CutsALineAt16KiBBetweenCharacters) {
  std::string umlauts;
  for (int i = 0; i < 20'000; ++i) umlauts += "\xC3\xBC";
  for (const char* format : {"logfmt", "json"}) {
    ASSERT_TRUE(ConfigureLog("info", format).ok());
    // One of the two messages puts the limit into the middle of a character.
    for (const char* message : {"long", "longer!"}) {
      LogInfo(message, {{"value", umlauts}, {"after", "x"}});
      const std::string& line = Lines().back();
      EXPECT_LE(line.size(), 16u << 10);
      EXPECT_GT(line.size(), 15u << 10);
      std::string valid;
      AppendValidUtf8(line, valid);
      EXPECT_EQ(line, valid);
      EXPECT_EQ(line.find("after"), std::string::npos);
      EXPECT_NE(line.find("cut"), std::string::npos);
      EXPECT_EQ(line.back(), '\n');
    }
  }
}

TEST_F(LogTest, DropsWhatIsBelowTheLevel) {
  ASSERT_TRUE(ConfigureLog("warn", "logfmt").ok());
  EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
  LogDebug("a");
  LogInfo("b");
  EXPECT_TRUE(Lines().empty());
  LogWarn("c");
  LogError("d");
  EXPECT_EQ(Lines().size(), 2u);
}

TEST_F(LogTest, RefusesUnknownLevelsAndFormats) {
  EXPECT_EQ(ConfigureLog("loud", "json").error().message,
            "the log level is \"loud\", but debug, info, warn or error is needed");
  EXPECT_EQ(ConfigureLog("info", "xml").error().message,
            "the log format is \"xml\", but logfmt or json is needed");
}

TEST_F(LogTest, KeepsLinesOfManyThreadsWhole) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 200; ++i) LogInfo("from a thread", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(Lines().size(), 800u);
  for (const std::string& line : Lines()) {
    EXPECT_EQ(line.substr(0, 3), "ts=");
    EXPECT_EQ(line.find('\n'), line.size() - 1);
  }
}

TEST(LogToStderr, WritesToTheRealOne) {
  testing::internal::CaptureStderr();
  LogInfo("hello");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("level=info msg=hello\n"),
            std::string::npos);
}

}  // namespace
}  // namespace telltale
