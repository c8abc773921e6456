// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/entry_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace telltale {
namespace {

struct Got {
  std::string text;
  std::int64_t time;
  LogStream stream;
  bool truncated;
  std::uint64_t begin, bytes, cut;
};

class EntryDecoderTest : public testing::Test {
 protected:
  // Feeds the lines, a line end after each.
  void Feed(const std::vector<std::string>& lines) {
    for (const std::string& text : lines) {
      RawLine line{text, at_, at_ + text.size() + 1, 0};
      if (text.size() > kMaxRawLine) {
        line.text = line.text.substr(0, kMaxRawLine);
        line.skipped = text.size() - kMaxRawLine;
      }
      at_ = line.end;
      decoder_.Line(line, sink_);
    }
  }

  std::vector<Got> got_;
  std::function<void(const LogEntry&)> sink_ = [this](const LogEntry& e) {
    got_.push_back(
        {std::string(e.text), e.time, e.stream, e.truncated, e.begin, e.bytes, e.cut_bytes});
  };
  EntryDecoder decoder_{LogSource::Format::kAuto};
  std::uint64_t at_ = 0;
};

constexpr std::int64_t kSecond = 1'795'222'923'000'000'000;

TEST_F(EntryDecoderTest, PlainAndCriLinesMayMix) {
  Feed({"plain", "2026-11-21T01:02:03Z stderr F cri"});
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_EQ(got_[0].text, "plain");
  EXPECT_EQ(got_[0].time, 0);
  EXPECT_EQ(got_[0].stream, LogStream::kNone);
  EXPECT_EQ(got_[0].bytes, 6u);
  EXPECT_EQ(got_[1].text, "cri");
  EXPECT_EQ(got_[1].time, kSecond);
  EXPECT_EQ(got_[1].stream, LogStream::kStderr);
}

TEST_F(EntryDecoderTest, ThePlainFormatLooksIntoNoLine) {
  decoder_ = EntryDecoder(LogSource::Format::kPlain);
  Feed({"2026-11-21T01:02:03Z stderr P cri"});
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].text, "2026-11-21T01:02:03Z stderr P cri");
  EXPECT_EQ(got_[0].time, 0);
}

TEST_F(EntryDecoderTest, PartialLinesAreJoinedByStream) {
  Feed({"2026-11-21T01:02:03.1Z stdout P one ", "2026-11-21T01:02:03.2Z stderr P err"});
  EXPECT_TRUE(got_.empty());
  EXPECT_FALSE(decoder_.AtSafePoint());
  Feed({"2026-11-21T01:02:03.3Z stdout P two ", "2026-11-21T01:02:03.4Z stderr F or",
        "2026-11-21T01:02:03.5Z stdout F three"});
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_EQ(got_[0].text, "error");
  EXPECT_EQ(got_[1].text, "one two three");
  EXPECT_EQ(got_[1].time, kSecond + 500'000'000);
  EXPECT_EQ(got_[1].begin, 0u);
  EXPECT_TRUE(decoder_.AtSafePoint());
  EXPECT_EQ(got_[0].bytes + got_[1].bytes, at_);
}

TEST_F(EntryDecoderTest, ACharacterPartedBetweenLinesIsWholeAgain) {
  Feed({"2026-11-21T01:02:03.1Z stdout P \xE2\x82", "2026-11-21T01:02:03.1Z stdout F \xAC"});
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].text, "\xE2\x82\xAC");
}

TEST_F(EntryDecoderTest, PartialLinesWithoutAnEndComeAtTheFinish) {
  Feed({"2026-11-21T01:02:03.1Z stdout P half"});
  decoder_.Finish(sink_);
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].text, "half");
  EXPECT_TRUE(decoder_.AtSafePoint());
}

TEST_F(EntryDecoderTest, JoinedLinesAreBoundedAndCounted) {
  std::string part = "2026-11-21T01:02:03.1Z stdout P " + std::string(16384, 'x');
  for (int i = 0; i < 100; ++i) Feed({part});
  Feed({"2026-11-21T01:02:03.1Z stdout F end"});
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].text, std::string(kMaxLine, 'x'));
  EXPECT_TRUE(got_[0].truncated);
  EXPECT_EQ(got_[0].bytes, at_);
  EXPECT_EQ(got_[0].cut, 100u * 16384 + 3 - kMaxLine);
}

TEST_F(EntryDecoderTest, ALongLineIsCutMarkedAndCounted) {
  Feed({std::string(1 << 20, 'y')});
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].text, std::string(kMaxLine, 'y'));
  EXPECT_TRUE(got_[0].truncated);
  EXPECT_EQ(got_[0].cut, (1u << 20) - kMaxLine);
}

TEST_F(EntryDecoderTest, BinaryLinesAreBoundedAfterReplacement) {
  Feed({std::string(kMaxLine, '\0'), std::string("a\0b\xFF", 4)});
  ASSERT_EQ(got_.size(), 2u);
  EXPECT_EQ(got_[0].text.size(), kMaxLine / 3 * 3);
  EXPECT_EQ(got_[0].cut, kMaxLine - kMaxLine / 3);
  EXPECT_EQ(got_[1].text,
            "a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD");
  EXPECT_FALSE(got_[1].truncated);
}

}  // namespace
}  // namespace telltale
