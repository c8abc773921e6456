// SPDX-License-Identifier: Apache-2.0
#include "sidecar/loki/loki_encoder.h"

#include <gtest/gtest.h>

#include "sidecar/loki/snappy_codec.h"

namespace telltale {
namespace {

// What Finish compressed.
std::string Raw(StreamEncoder& encoder) { return *SnappyUncompress(encoder.Finish()); }

std::string Hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

TEST(LokiEncoder, BytesAreThoseThatProtocReads) {
  // labels {app="a"}, 1 s + 2 ns, line "hi"; checked with protoc --decode.
  StreamEncoder encoder;
  encoder.Begin("{app=\"a\"}");
  encoder.Add(1'000'000'002, "hi", false);
  EXPECT_EQ(Hex(Raw(encoder)), "0a170a097b6170703d2261227d120a0a040801100212026869");
}

TEST(LokiEncoder, ACutLineIsMarkedInItsMetadata) {
  StreamEncoder encoder;
  encoder.Begin("{a=\"b\"}");
  encoder.Add(1'000'000'000, "x", true);
  EXPECT_EQ(Hex(Raw(encoder)),
            "0a250a077b613d2262227d121a"
            "0a020801120178"
            "1a110a097472756e63617465641204" +
                Hex("true"));
}

TEST(LokiEncoder, MemoryIsReused) {
  StreamEncoder encoder;
  encoder.Begin("{app=\"a\"}");
  encoder.Add(1'000'000'002, "hi", false);
  const std::string one = encoder.Finish();
  encoder.Begin("{app=\"a\"}");
  encoder.Add(7, std::string(1000, 'x'), true);
  EXPECT_EQ(encoder.entries(), 1u);
  encoder.Begin("{app=\"a\"}");
  encoder.Add(1'000'000'002, "hi", false);
  EXPECT_EQ(encoder.Finish(), one);
}

TEST(LokiEncoder, MetadataComesBehindTheLine) {
  StreamEncoder encoder;
  encoder.Begin("{}");
  const std::vector<MetadataPair> metadata{{"k", "v"}};
  encoder.Add(1'000'000'000, "x", false, metadata);
  EXPECT_EQ(Hex(Raw(encoder)),
            "0a150a027b7d120f"
            "0a0208011201781a060a016b120176");
}

TEST(LokiEncoder, LabelsAreQuotedAsGoReadsThem) {
  EXPECT_EQ(FormatStreamLabels({{"app", "a"}, {"job", "b"}}), R"({app="a", job="b"})");
  EXPECT_EQ(FormatStreamLabels({{"a", "q\"b\\c\nd\te\x01\x7f"}}), R"({a="q\"b\\c\nd\te\x01\x7f"})");
  EXPECT_EQ(FormatStreamLabels({{"a", "gr\xC3\xBC\xFF"}}), "{a=\"gr\xC3\xBC\xEF\xBF\xBD\"}");
  EXPECT_EQ(FormatStreamLabels({}), "{}");
}

TEST(LokiEncoder, ASplitKeepsEveryEntryAndTheLabels) {
  StreamEncoder encoder;
  encoder.Begin("{app=\"a\"}");
  for (int i = 0; i < 5; ++i) encoder.Add(1000 + i, std::string(300, 'x'), false);
  auto split = SplitPushRequest(Raw(encoder));
  ASSERT_TRUE(split);
  EXPECT_EQ(split->first_entries, 2u);
  EXPECT_EQ(split->second_entries, 3u);
  StreamEncoder first, second;
  first.Begin("{app=\"a\"}");
  second.Begin("{app=\"a\"}");
  for (int i = 0; i < 5; ++i) (i < 2 ? first : second).Add(1000 + i, std::string(300, 'x'), false);
  EXPECT_EQ(split->first, Raw(first));
  EXPECT_EQ(split->second, Raw(second));
}

TEST(LokiEncoder, OneEntryAndOtherBytesAreNotSplit) {
  StreamEncoder encoder;
  encoder.Begin("{app=\"a\"}");
  encoder.Add(1, "x", false);
  EXPECT_FALSE(SplitPushRequest(Raw(encoder)));
  for (std::string text : {"", "\x0a", "\x0a\x05xx", "garbage", "\x0a\x02\x12\x09"}) {
    EXPECT_FALSE(SplitPushRequest(text));
  }
}

TEST(SnappyCodec, IsTheBlockFormat) {
  // The reference vector: varint length 33, then one literal of 33 bytes.
  std::string raw(33, '\0');
  for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = static_cast<char>(i * 37);
  EXPECT_EQ(SnappyCompress(raw), "\x21\x80" + raw);
  EXPECT_EQ(SnappyUncompress("\x21\x80" + raw), raw);
  EXPECT_FALSE(SnappyUncompress("\xff\xff"));
}

// Pieces of every size around those that are compressed at once.
TEST(SnappyWriter, WhatGrowsInPiecesIsOneTextAndMemoryIsUsedAgain) {
  SnappyWriter writer;
  for (const std::size_t piece : {1U, 1'000U, 65'535U, 65'536U, 65'537U, 200'000U}) {
    writer.Begin();
    std::string text;
    for (std::uint64_t state = piece; text.size() < 300'000;) {
      std::string more(piece, 'x');
      for (std::size_t i = 0; i < piece; i += 7) {
        state = state * 6364136223846793005 + 1442695040888963407;
        more[i] = static_cast<char>(state >> 57);
      }
      writer.tail() += more;
      writer.Pack();
      text += more;
      ASSERT_EQ(writer.bytes(), text.size());
    }
    EXPECT_LT(writer.tail().size(), 64u << 10);
    EXPECT_EQ(SnappyUncompress(writer.Finish("first ")), "first " + text) << piece;
  }
  writer.Begin();
  EXPECT_EQ(SnappyUncompress(writer.Finish("alone")), "alone");
}

}  // namespace
}  // namespace telltale
