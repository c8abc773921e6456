// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/entry_decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/strings.h"
#include "sidecar/tail/stream_times.h"

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

TEST_F(EntryDecoderTest, AByteOrderMarkIsNoTextAtTheStartOfAFileAndOnlyThere) {
  Feed({"\xef\xbb\xbf{\"a\":1}", "\xef\xbb\xbfx"});
  EXPECT_EQ(got_[0].text, "{\"a\":1}");
  EXPECT_EQ(got_[0].bytes, 11u);
  EXPECT_EQ(got_[1].text, "\xef\xbb\xbfx");
}

TEST_F(EntryDecoderTest, ASmallerLimitCutsLinesWithinNoCharacter) {
  decoder_ = EntryDecoder(LogSource::Format::kAuto, 10);
  Feed({"0123456789", "0123456789a", "12345678\xc3\xa4\xc3\xa4",
        "2026-11-21T01:02:03Z stdout F 0123456789abc"});
  EXPECT_FALSE(got_[0].truncated);
  EXPECT_EQ(got_[1].text, "0123456789");
  EXPECT_EQ(got_[1].cut, 1u);
  EXPECT_EQ(got_[2].text, "12345678\xc3\xa4");
  EXPECT_TRUE(got_[2].truncated);
  EXPECT_EQ(got_[3].text, "0123456789");
  EXPECT_EQ(got_[3].cut, 3u);
}

// Batches in flight at an upgrade are sent again as other entries when this output changes, which
// is honest only if the version in the journal changes, too.
TEST_F(EntryDecoderTest, WhenTheEntriesOfTheseBytesChangeTheVersionMustChange) {
  Feed({"\xef\xbb\xbfplain", "2026-11-21T01:02:03.5Z stdout P half ", "bad \xff\xfe utf-8",
        "2026-11-21T01:02:03.6Z stderr F {\"a\":1}", "2026-11-21T01:02:03.7Z stdout F end",
        "2026-11-21T03:02:03+02:00 - F other",
        R"({"log":"docker\u00e4\n","stream":"stderr","time":"2026-11-21T01:02:04Z"})",
        std::string(300'000, 'x'), ""});
  std::string all;
  for (const Got& e : got_) {
    all += e.text + '|' + std::to_string(e.time) + '|' +
           std::to_string(static_cast<int>(e.stream)) + '|' + std::to_string(e.truncated) + '\n';
  }
  EXPECT_EQ(kEntryVersion, 1u);
  EXPECT_EQ(Hash64(all), 15434272572255785329u)
      << "raise kEntryVersion and put the new number here: " << Hash64(all);
}

TEST(StreamTimes, EqualTimesGoUpWithinTheirStreamAndCatchUpWithRealOnes) {
  StreamTimes times;
  const auto out = LogStream::kStdout, err = LogStream::kStderr;
  EXPECT_EQ(times.Next(out, 100), 100);
  EXPECT_EQ(times.Next(out, 100), 101);
  EXPECT_EQ(times.Next(err, 100), 100);  // a stream of its own
  EXPECT_EQ(times.Next(out, 101), 102);  // not later than what was given
  EXPECT_EQ(times.Next(out, 200), 200);
  EXPECT_EQ(times.Next(out, 150), 150);  // a step back is real
  EXPECT_EQ(times.Next(out, 150), 151);
  EXPECT_EQ(times.Next(err, 100), 101);
}

}  // namespace
}  // namespace telltale
