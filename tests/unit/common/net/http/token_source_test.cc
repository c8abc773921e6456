// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/token_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "common/base/files.h"
#include "tests/fakes/fake_clock.h"

namespace telltale {
namespace {

using ::testing::HasSubstr;

class TokenSourceTest : public ::testing::Test {
 protected:
  void Write(std::string_view text) { ASSERT_TRUE(WriteFileAtomic(file_, text).ok()); }
  void TearDown() override { std::remove(file_.c_str()); }

  const std::string file_ = ::testing::TempDir() + "token-" +
                            ::testing::UnitTest::GetInstance()->current_test_info()->name();
  FakeClock clock_;
};

TEST_F(TokenSourceTest, AFixedTokenIsTheToken) {
  EXPECT_EQ(*TokenSource("abc", "", clock_).Get(), "abc");
  EXPECT_EQ(*TokenSource("", "", clock_).Get(), "");
}

TEST_F(TokenSourceTest, TheFileWinsAndIsTrimmed) {
  Write(" from-file\n");
  EXPECT_EQ(*TokenSource("abc", file_, clock_).Get(), "from-file");
}

TEST_F(TokenSourceTest, TheFileIsReadAgainAfterAMinute) {
  Write("one");
  TokenSource source("", file_, clock_);
  EXPECT_EQ(*source.Get(), "one");
  Write("two");
  clock_.Advance(std::chrono::seconds(59));
  EXPECT_EQ(*source.Get(), "one");
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_EQ(*source.Get(), "two");
}

TEST_F(TokenSourceTest, TheFileIsReadAgainAtOnceAfterARefusal) {
  Write("one");
  TokenSource source("", file_, clock_);
  EXPECT_EQ(*source.Get(), "one");
  Write("two");
  source.Rejected();
  EXPECT_EQ(*source.Get(), "two");
}

TEST_F(TokenSourceTest, TheOldTokenIsKeptWhileTheFileCannotBeRead) {
  Write("one");
  TokenSource source("", file_, clock_);
  EXPECT_EQ(*source.Get(), "one");
  std::remove(file_.c_str());
  source.Rejected();
  EXPECT_EQ(*source.Get(), "one");
}

TEST_F(TokenSourceTest, NoTokenAtAllIsAnErrorThatNamesTheFile) {
  auto missing = TokenSource("", file_, clock_).Get();
  ASSERT_FALSE(missing.ok());
  EXPECT_THAT(missing.error().message, HasSubstr(file_));
  for (const char* content : {"", "  \n", "two words", "a\r\nX-Header: b"}) {
    Write(content);
    auto bad = TokenSource("", file_, clock_).Get();
    ASSERT_FALSE(bad.ok()) << content;
    EXPECT_THAT(bad.error().message, HasSubstr(file_));
  }
}

TEST_F(TokenSourceTest, ASecretThatAnEditorSavedIsReadAndOneOfTwoLinesIsAnError) {
  for (const auto form : {TokenSource::Form::kToken, TokenSource::Form::kPassword}) {
    Write("\xef\xbb\xbfsecret\r\n");
    EXPECT_EQ(*TokenSource("", file_, clock_, "loki.x", form).Get(), "secret");
    for (const std::string bad : {"one\ntwo", "one\r\ntwo\r\n", "\xef\xbb\xbf\n"}) {
      Write(bad);
      const auto refused = TokenSource("", file_, clock_, "loki.x", form).Get();
      ASSERT_FALSE(refused.ok()) << bad;
      EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr("loki.x"), HasSubstr(file_)));
    }
  }
  Write(std::string("one\0two", 7));
  EXPECT_FALSE(TokenSource("", file_, clock_, "x", TokenSource::Form::kPassword).Get().ok());
}

TEST_F(TokenSourceTest, APasswordMayHaveSpacesAndAnEmptyOneIsAnError) {
  Write("open sesame\n");
  const auto form = TokenSource::Form::kPassword;
  EXPECT_EQ(*TokenSource("", file_, clock_, "loki.passwordFile", form).Get(), "open sesame");
  Write("\n");
  auto empty = TokenSource("", file_, clock_, "loki.passwordFile", form).Get();
  ASSERT_FALSE(empty.ok());
  EXPECT_THAT(empty.error().message, HasSubstr("loki.passwordFile"));
}

}  // namespace
}  // namespace telltale
