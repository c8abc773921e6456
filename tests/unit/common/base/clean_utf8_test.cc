// SPDX-License-Identifier: Apache-2.0
#include "common/base/clean_utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace telltale {
namespace {

constexpr const char* kBad = "\xEF\xBF\xBD";

std::string Clean(std::string_view in, std::size_t limit = std::string::npos) {
  std::string out;
  AppendCleanUtf8(in, limit, out);
  return out;
}

TEST(CleanUtf8, ValidTextIsLeftAlone) {
  for (std::string text : {"", "plain", "12345678", "123456789 and more", "gr\xC3\xBC\xC3\x9F",
                           "\xE2\x82\xAC", "\xF0\x9F\x98\x80!", "\x01\x7f"}) {
    EXPECT_TRUE(IsCleanUtf8(text)) << text;
    EXPECT_EQ(Clean(text), text);
  }
}

TEST(CleanUtf8, NulBecomesTheReplacementAtEveryPlaceOfAWord) {
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'x');
    text[at] = '\0';
    EXPECT_FALSE(IsCleanUtf8(text)) << at;
    EXPECT_EQ(Clean(text), std::string(at, 'x') + kBad + std::string(19 - at, 'x'));
  }
}

TEST(CleanUtf8, EachBadByteBecomesTheReplacement) {
  // A lone continuation, overlong forms, a surrogate, beyond U+10FFFF, a torn end.
  for (std::string bad :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "\xC3"}) {
    std::string expected = "a";
    for (std::size_t i = 0; i < bad.size(); ++i) expected += kBad;
    EXPECT_FALSE(IsCleanUtf8("a" + bad + "b"));
    EXPECT_EQ(Clean("a" + bad + "b"), expected + "b");
  }
}

TEST(CleanUtf8, TheLimitTearsNoCharacterAndTellsWhatWasUsed) {
  std::string out;
  EXPECT_EQ(AppendCleanUtf8("abc\xE2\x82\xAC", 5, out), 3u);
  EXPECT_EQ(out, "abc");
  out.clear();
  EXPECT_EQ(AppendCleanUtf8(std::string_view("\0\0\0", 3), 7, out), 2u);
  EXPECT_EQ(out, std::string(kBad) + kBad);
  EXPECT_EQ(Utf8Cut("abc\xE2\x82\xAC", 5), 3u);
  EXPECT_EQ(Utf8Cut("abc\xE2\x82\xAC", 6), 6u);
}

}  // namespace
}  // namespace telltale
