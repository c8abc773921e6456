// SPDX-License-Identifier: Apache-2.0
#include "common/net/http/gzip.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(Gzip, ReadsBackWhatItWrites) {
  std::string page;
  for (int i = 0; i < 20'000; ++i) page += "some_metric{i=\"" + std::to_string(i) + "\"} 1\n";
  for (const std::string& text : {std::string(), std::string("x"), page}) {
    const std::string gzip = GzipCompress(text);
    const auto back = GzipDecompress(gzip, text.size());
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, text);
  }
  EXPECT_LT(GzipCompress(page).size(), page.size() / 5);
}

TEST(Gzip, ReadsMembersInARow) {
  const auto back = GzipDecompress(GzipCompress("one ") + GzipCompress("two"), 100);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, "one two");
}

TEST(Gzip, StopsAtTheLimitHoweverSmallTheInputIs) {
  const std::string bomb = GzipCompress(std::string(50u << 20, '\0'));
  EXPECT_LT(bomb.size(), 1u << 20);
  const auto back = GzipDecompress(bomb, 1u << 20);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().code, Code::kTooLarge);
  EXPECT_EQ(GzipDecompress(GzipCompress("12345"), 4).error().code, Code::kTooLarge);
  EXPECT_TRUE(GzipDecompress(GzipCompress("12345"), 5).ok());
}

TEST(Gzip, RefusesWhatIsCutOffOrNoGzip) {
  const std::string gzip = GzipCompress("a text of some length, a text of some length");
  for (std::size_t size = 0; size < gzip.size(); ++size) {
    EXPECT_EQ(GzipDecompress(gzip.substr(0, size), 100).error().code, Code::kInvalid) << size;
  }
  EXPECT_EQ(GzipDecompress("m_x 1\n", 100).error().code, Code::kInvalid);
  EXPECT_EQ(GzipDecompress(gzip + "m_x 1\n", 100).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace telltale
