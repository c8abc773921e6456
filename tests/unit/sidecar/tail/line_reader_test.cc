// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/line_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

struct Line {
  std::string text;
  std::uint64_t begin, end, skipped;
  bool operator==(const Line&) const = default;
};

class LineReaderTest : public testing::Test {
 protected:
  std::vector<Line> Read(const std::string& content, bool unfinished = false,
                         std::uint64_t begin = 0,
                         std::uint64_t limit = std::numeric_limits<std::uint64_t>::max()) {
    temp_.Write("f", content);
    FileBytes bytes(UniqueFd(open((temp_ / "f").c_str(), O_RDONLY)));
    LineReader reader(bytes, begin, limit, buffer_);
    std::vector<Line> out;
    RawLine line;
    while (true) {
      auto more = reader.Next(unfinished, line);
      EXPECT_TRUE(more.ok());
      if (!*more) break;
      out.push_back({std::string(line.text), line.begin, line.end, line.skipped});
    }
    searched_ = reader.searched();
    return out;
  }

  TempFolder temp_;
  LineBuffer buffer_;
  std::uint64_t searched_ = 0;
};

TEST_F(LineReaderTest, CompleteLinesOnly) {
  auto lines = Read("one\n\ntwo\r\nthree");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], (Line{"one", 0, 4, 0}));
  EXPECT_EQ(lines[1], (Line{"", 4, 5, 0}));
  EXPECT_EQ(lines[2], (Line{"two", 5, 10, 0}));
  EXPECT_EQ(searched_, 15u);
}

TEST_F(LineReaderTest, TheRestIsALineWhenAskedFor) {
  auto lines = Read("one\nthree\r", true);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1], (Line{"three\r", 4, 10, 0}));
}

TEST_F(LineReaderTest, BeginAndLimitAreHonoured) {
  auto lines = Read("one\ntwo\nthree\n", true, 4, 10);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], (Line{"two", 4, 8, 0}));
  EXPECT_EQ(lines[1], (Line{"th", 8, 10, 0}));
}

TEST_F(LineReaderTest, LinesAcrossBufferEndsAreWhole) {
  std::string content;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 40; ++i) {
    expected.push_back(std::string(1000 + i * 2500, static_cast<char>('a' + i % 26)));
    content += expected.back() + "\n";
  }
  ASSERT_GT(content.size(), LineBuffer::kSize * 3);
  auto lines = Read(content);
  ASSERT_EQ(lines.size(), expected.size());
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i], (Line{expected[i], at, at + expected[i].size() + 1, 0}));
    at = lines[i].end;
  }
}

TEST_F(LineReaderTest, EveryLengthAroundTheLimitsKeepsItsOffsets) {
  for (std::size_t length : {kMaxRawLine - 1, kMaxRawLine, kMaxRawLine + 1, LineBuffer::kSize - 1,
                             LineBuffer::kSize, LineBuffer::kSize + 1, std::size_t{10} << 20}) {
    auto lines = Read("x\n" + std::string(length, 'y') + "\nz\n");
    ASSERT_EQ(lines.size(), 3u) << length;
    EXPECT_EQ(lines[1].text.size(), std::min(length, kMaxRawLine)) << length;
    EXPECT_EQ(lines[1].text.size() + lines[1].skipped, length);
    EXPECT_EQ(lines[1].begin, 2u);
    EXPECT_EQ(lines[1].end, 2 + length + 1);
    EXPECT_EQ(lines[2], (Line{"z", length + 3, length + 5, 0}));
  }
}

TEST_F(LineReaderTest, ALongLineWithoutItsEndWaitsOrIsCut) {
  std::string content = "x\n" + std::string(1 << 20, 'y');
  EXPECT_EQ(Read(content).size(), 1u);
  EXPECT_EQ(searched_, content.size());
  auto lines = Read(content, true);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1].text.size(), kMaxRawLine);
  EXPECT_EQ(lines[1].skipped, (1u << 20) - kMaxRawLine);
  EXPECT_EQ(lines[1].end, content.size());
}

TEST_F(LineReaderTest, NulsInFrontOfALineAreSkippedAndBelongToIt) {
  const std::string nuls(100, '\0'), many(3 << 20, '\0');
  for (const std::string& hole : {nuls, many}) {
    const std::uint64_t n = hole.size();
    auto lines = Read("one\n" + hole + "two\n" + hole + std::string("a\0b\n", 4));
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_EQ(lines[1], (Line{"two", 4, n + 8, 0}));
    EXPECT_EQ(lines[2], (Line{std::string("a\0b", 3), n + 8, 2 * n + 12, 0}));
  }
}

TEST_F(LineReaderTest, AnEndOfNulsIsNoLineUntilSomethingIsWrittenThere) {
  const std::string zeros(300'000, '\0');
  EXPECT_EQ(Read("one\n" + zeros).size(), 1u);
  EXPECT_EQ(searched_, 300'004u);
  auto lines = Read("one\ntwo\n" + zeros.substr(4));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[1], (Line{"two", 4, 8, 0}));
}

TEST_F(LineReaderTest, ALineBehindNulsThatIsTooLongIsCutAtItsOwnEnd) {
  const std::string nuls(1'000'000, '\0');
  auto lines = Read(nuls + std::string(kMaxRawLine + 7, 'x') + "\n" + nuls + "two\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].text, std::string(kMaxRawLine, 'x'));
  EXPECT_EQ(lines[0].skipped, 7u);
  EXPECT_EQ(lines[0].begin, 0u);
  EXPECT_EQ(lines[1], (Line{"two", lines[0].end, lines[0].end + nuls.size() + 4, 0}));
}

std::size_t reads = 0;
ssize_t CountedRead(int fd, void* data, std::size_t size, std::int64_t offset) {
  ++reads;
  return pread(fd, data, size, offset);
}

TEST_F(LineReaderTest, AHoleOfAGigabyteIsNotRead) {
  constexpr std::int64_t kHole = 1 << 30;
  const UniqueFd out(open((temp_ / "f").c_str(), O_WRONLY | O_CREAT, 0600));
  ASSERT_EQ(pwrite(out.get(), "one\n", 4, 0), 4);
  ASSERT_EQ(pwrite(out.get(), "two\n", 4, kHole), 4);
  FileBytes bytes(UniqueFd(open((temp_ / "f").c_str(), O_RDONLY)));
  if (bytes.NextData(1 << 20) < kHole / 2) GTEST_SKIP() << "this file system knows no holes";
  reads = 0;
  FileBytes::ReplaceReadForTest(CountedRead);
  LineReader reader(bytes, 0, kHole + 4, buffer_);
  RawLine line;
  EXPECT_TRUE(*reader.Next(false, line));
  EXPECT_TRUE(*reader.Next(false, line));
  FileBytes::ReplaceReadForTest(nullptr);
  EXPECT_EQ(line.text, "two");
  EXPECT_EQ(line.begin, 4u);
  EXPECT_EQ(line.end, static_cast<std::uint64_t>(kHole) + 4);
  EXPECT_LT(reads, 10u);
}

}  // namespace
}  // namespace telltale
