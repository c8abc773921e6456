// SPDX-License-Identifier: Apache-2.0
#include "sidecar/podlog/stream_lines.h"

#include <gmock/gmock.h>

#include <vector>

namespace telltale {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kTime = "2026-11-21T01:02:03.5Z ";

class StreamLinesTest : public testing::Test {
 protected:
  bool Feed(const std::string& piece) {
    return lines_.Feed(piece, [this](std::int64_t time, std::string_view text) {
      EXPECT_EQ(time, 1'795'222'923'500'000'000);
      taken_.emplace_back(text);
      return text != "end";
    });
  }
  StreamLines lines_;
  std::vector<std::string> taken_;
};

TEST_F(StreamLinesTest, LinesAreTheSameHoweverTheyAreCut) {
  const std::string text = std::string(kTime) + "one\n" + kTime + "\n" + kTime + "two words\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    taken_.clear();
    for (std::size_t at = 0; at < text.size(); at += size) Feed(text.substr(at, size));
    EXPECT_THAT(taken_, ElementsAre("one", "", "two words")) << size;
  }
}

TEST_F(StreamLinesTest, MessagesOfTheKubeletAreNoLines) {
  Feed("failed to watch file \"x\": no such file\nunexpected\n\n" + std::string(kTime) + "a\n");
  EXPECT_THAT(taken_, ElementsAre("a"));
}

TEST_F(StreamLinesTest, AnUnfinishedLineIsForgottenWhenTheNextAnswerBegins) {
  Feed(std::string(kTime) + "torn");
  lines_.Begin();
  Feed(std::string(kTime) + "a\n");
  EXPECT_THAT(taken_, ElementsAre("a"));
}

TEST_F(StreamLinesTest, ALongLineIsCutAndTheNextOneIsWhole) {
  const std::string longer(StreamLines::kMaxBytes + 100, 'x');
  for (const std::size_t size : {std::size_t{1} << 14, longer.size() + 100}) {
    taken_.clear();
    const std::string text = kTime + longer + "\n" + kTime + "next\n";
    for (std::size_t at = 0; at < text.size(); at += size) Feed(text.substr(at, size));
    ASSERT_EQ(taken_.size(), 2u);
    EXPECT_EQ(taken_[0].size(), StreamLines::kMaxBytes - std::string_view(kTime).size());
    EXPECT_EQ(taken_[1], "next");
  }
}

TEST_F(StreamLinesTest, TheSinkEndsTheStream) {
  EXPECT_FALSE(Feed(std::string(kTime) + "end\n" + kTime + "after\n"));
  EXPECT_THAT(taken_, ElementsAre("end"));
}

}  // namespace
}  // namespace telltale
