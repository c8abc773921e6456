// SPDX-License-Identifier: Apache-2.0
#include "sidecar/tail/gzip_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <random>

#include "sidecar/discover/file_identity.h"
#include "sidecar/tail/file_bytes.h"
#include "tests/unit/sidecar/gzip_text.h"
#include "tests/unit/sidecar/temp_folder.h"

namespace telltale {
namespace {

class GzipReaderTest : public testing::Test {
 protected:
  // Lines that compress about as well as logs do.
  static std::string Text(std::size_t size) {
    std::minstd_rand random(7);
    std::string text;
    while (text.size() < size) text += "line " + std::to_string(random()) + " of a log\n";
    text.resize(size);
    return text;
  }
  FileBytes Open(const std::string& content) {
    temp_.Write("a.log.1.gz", content);
    UniqueFd fd(open((temp_ / "a.log.1.gz").c_str(), O_RDONLY));
    auto form = FileBytes::FormOf(fd.get(), "a.log.1.gz");
    return FileBytes(std::move(fd), form);
  }
  static std::string ReadFrom(const FileBytes& bytes, std::uint64_t offset, std::size_t size) {
    std::string out(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      auto n = bytes.ReadAt(out.data() + have, size - have, offset + have);
      EXPECT_TRUE(n.ok());
      if (!n || *n == 0) break;
      have += *n;
    }
    out.resize(have);
    return out;
  }

  TempFolder temp_;
};

TEST_F(GzipReaderTest, TheContentIsReadFromAnyPlaceForwardAndBack) {
  std::string text = Text(5 << 20);
  FileBytes bytes = Open(Gzip(text));
  ASSERT_TRUE(bytes.compressed());
  EXPECT_EQ(bytes.UncompressedSize(), text.size());
  EXPECT_EQ(ReadFrom(bytes, 0, text.size() + 1), text);
  std::minstd_rand random(1);
  for (int i = 0; i < 40; ++i) {
    std::uint64_t offset = random() % text.size();
    EXPECT_EQ(ReadFrom(bytes, offset, 1000), text.substr(offset, 1000)) << offset;
  }
  bytes.Release();
  EXPECT_EQ(ReadFrom(bytes, 100, 10), text.substr(100, 10));
  EXPECT_FALSE(bytes.damaged());
}

TEST_F(GzipReaderTest, ItsMarkIsThatOfThePlainFile) {
  std::string text = Text(3 << 20);
  temp_.Write("plain", text);
  FileBytes plain(UniqueFd(open((temp_ / "plain").c_str(), O_RDONLY)));
  FileBytes compressed = Open(Gzip(text));
  for (std::uint64_t offset : {0ul, 10ul, 1000ul, 2ul << 20, 3ul << 20}) {
    EXPECT_EQ(*MakeCheckpoint(compressed, offset), *MakeCheckpoint(plain, offset));
  }
  EXPECT_FALSE(MakeCheckpoint(compressed, (3 << 20) + 1).ok());
}

TEST_F(GzipReaderTest, MembersInARowAreOneContentAndPaddingIsNone) {
  FileBytes bytes = Open(Gzip("one\n") + Gzip("two\n") + std::string(100, '\0'));
  EXPECT_EQ(ReadFrom(bytes, 0, 100), "one\ntwo\n");
  EXPECT_EQ(bytes.UncompressedSize(), 8u);
  EXPECT_FALSE(bytes.damaged());
}

TEST_F(GzipReaderTest, ItsSizeIsKnownWhenAllOfItWasRead) {
  const std::string text = Text(3'000);
  const std::string members = Gzip(text.substr(0, 2'000)) + Gzip(text.substr(2'000));
  for (const std::string& content : {Gzip(text), members}) {
    const FileBytes bytes = Open(content);
    ReadFrom(bytes, 0, text.size());
    EXPECT_EQ(bytes.UncompressedSize(), text.size());
    EXPECT_EQ(ReadFrom(bytes, 0, text.size()), text);
  }
}

TEST_F(GzipReaderTest, ATornFileGivesWhatItHasAndSaysSo) {
  std::string text = Text(100'000), whole = Gzip(text);
  FileBytes bytes = Open(whole.substr(0, whole.size() / 2));
  std::string got = ReadFrom(bytes, 0, text.size());
  EXPECT_GT(got.size(), 10'000u);
  EXPECT_EQ(got, text.substr(0, got.size()));
  EXPECT_TRUE(bytes.damaged());
  EXPECT_EQ(bytes.UncompressedSize(), got.size());
}

// zlib may hold much that had no room when all of the file was read.
TEST_F(GzipReaderTest, ATornFileGivesTheSameInReadsOfAnySize) {
  const std::string whole = Gzip(std::string(3'000, 'x') + Text(500) + std::string(3'000, 'y'));
  for (std::size_t cut = 20; cut < whole.size(); cut += 3) {
    const std::string all = ReadFrom(Open(whole.substr(0, cut)), 0, 10'000);
    for (const std::size_t step : {1u, 300u}) {
      const FileBytes torn = Open(whole.substr(0, cut));
      std::string pieces;
      std::string piece = ReadFrom(torn, 0, step);
      while (!piece.empty()) {
        pieces += piece;
        piece = ReadFrom(torn, pieces.size(), step);
      }
      EXPECT_EQ(pieces.size(), all.size()) << "torn at " << cut << ", read in steps of " << step;
      EXPECT_EQ(pieces, all);
    }
  }
}

TEST_F(GzipReaderTest, EveryDamagedByteIsSurvived) {
  std::string text = Text(2'000), whole = Gzip(text);
  for (std::size_t i = 0; i < whole.size(); i += 5) {
    std::string bad = whole;
    bad[i] = static_cast<char>(bad[i] ^ 0x55);
    FileBytes bytes = Open(bad);
    EXPECT_LE(ReadFrom(bytes, 0, text.size() + 10).size(), whole.size() + text.size());
  }
}

TEST_F(GzipReaderTest, AFileOfZerosCostsNoMemory) {
  FileBytes bytes = Open(Gzip(std::string(50 << 20, '\0')));
  auto before = mallinfo2().uordblks + mallinfo2().hblkhd;
  char one;
  ASSERT_TRUE(bytes.ReadAt(&one, 1, (50 << 20) - 1).ok());
  EXPECT_LT(mallinfo2().uordblks + mallinfo2().hblkhd, before + (400 << 10));
}

TEST_F(GzipReaderTest, AnotherFileWithThatNameIsPlain) {
  EXPECT_FALSE(Open("not compressed\n").compressed());
  EXPECT_FALSE(Open("").compressed());
}

}  // namespace
}  // namespace telltale
