// SPDX-License-Identifier: Apache-2.0
#include "operator/kube/watch/line_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace telltale {
namespace {

using ::testing::ElementsAre;
using Fed = LineSplitter::Fed;

struct Collected {
  std::vector<std::string> lines;
  bool operator()(std::string_view line) {
    lines.emplace_back(line);
    return lines.back() != "stop";
  }
};

TEST(LineSplitter, GivesTheSameLinesHoweverTheBytesAreCut) {
  const std::string text = "one\n\n  \ntwo two\r\nthree\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    LineSplitter splitter(100);
    Collected collected;
    for (std::size_t at = 0; at < text.size(); at += size) {
      EXPECT_EQ(splitter.Feed(std::string_view(text).substr(at, size), collected), Fed::kMore);
    }
    EXPECT_THAT(collected.lines, ElementsAre("one", "two two", "three")) << "pieces of " << size;
  }
}

TEST(LineSplitter, NeverGivesALineThatHasNotEnded) {
  LineSplitter splitter(100);
  Collected collected;
  splitter.Feed("whole\nhal", collected);
  splitter.Feed("f", collected);
  EXPECT_THAT(collected.lines, ElementsAre("whole"));
}

TEST(LineSplitter, StopsWhenTheReaderHasEnough) {
  LineSplitter splitter(100);
  Collected collected;
  EXPECT_EQ(splitter.Feed("st", collected), Fed::kMore);
  EXPECT_EQ(splitter.Feed("op\nnever\n", collected), Fed::kStopped);
  EXPECT_THAT(collected.lines, ElementsAre("stop"));
}

TEST(LineSplitter, RefusesALineOverTheLimitInOnePieceOrInMany) {
  Collected collected;
  LineSplitter whole(5);
  EXPECT_EQ(whole.Feed("12345\n123456\n", collected), Fed::kTooLong);
  LineSplitter parts(5);
  EXPECT_EQ(parts.Feed("123", collected), Fed::kMore);
  EXPECT_EQ(parts.Feed("456", collected), Fed::kTooLong);
  EXPECT_THAT(collected.lines, ElementsAre("12345"));
}

}  // namespace
}  // namespace telltale
