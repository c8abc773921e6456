// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/cri_line.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

TEST(CriLine, FieldsAreTakenApart) {
  auto line = ParseCriLine("2026-11-21T01:02:03.000000004Z stderr F a message  with spaces ");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->time, 1'795'222'923'000'000'004);
  EXPECT_EQ(line->stream, LogStream::kStderr);
  EXPECT_FALSE(line->partial);
  EXPECT_EQ(line->content, "a message  with spaces ");
}

TEST(CriLine, PartialTagsAndOffsets) {
  auto line = ParseCriLine("2026-11-21T03:02:03.5+02:00 stdout P:more half");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->time, 1'795'222'923'500'000'000);
  EXPECT_TRUE(line->partial);
  EXPECT_EQ(line->content, "half");
}

TEST(CriLine, ContentMayBeEmptyWithOrWithoutItsSpace) {
  EXPECT_EQ(ParseCriLine("2026-11-21T01:02:03Z stdout F ")->content, "");
  EXPECT_EQ(ParseCriLine("2026-11-21T01:02:03Z stdout F")->content, "");
}

TEST(CriLine, OtherLinesAreNotCri) {
  for (const char* line :
       {"", "hello", "2026-11-21T01:02:03Z", "2026-11-21T01:02:03Z stdout",
        "2026-11-21T01:02:03Z stdlog F x", "2026-11-21T01:02:03Z stdout X x",
        "2026-11-21T01:02:03Z  stdout F x", "2026-13-21T01:02:03Z stdout F x",
        "2026-11-21 01:02:03Z stdout F x", "1026-11-21T01:02:03Z stdout F x",
        "2026-11-21T01:02:03Z stdout FF x", "2026-11-21T01:02:03 stdout F no zone"}) {
    EXPECT_FALSE(ParseCriLine(line)) << line;
  }
}

}  // namespace
}  // namespace telltale
