// SPDX-License-Identifier: Apache-2.0
#include "common/base/strings.h"

#include <gtest/gtest.h>

#include <limits>

namespace telltale {
namespace {

using Views = std::vector<std::string_view>;

std::string Utf8(std::string_view bytes) {
  std::string out = ">";
  AppendValidUtf8(bytes, out);
  return out.substr(1);
}

const std::string kBad = "\xEF\xBF\xBD";

TEST(Strings, SetLabelKeepsOrderAndReplaces) {
  Labels labels;
  SetLabel(labels, "pod", "a");
  SetLabel(labels, "app", "b");
  SetLabel(labels, "node", "c");
  SetLabel(labels, "pod", "d");
  EXPECT_EQ(labels, (Labels{{"app", "b"}, {"node", "c"}, {"pod", "d"}}));
  ASSERT_NE(FindLabel(labels, "node"), nullptr);
  EXPECT_EQ(*FindLabel(labels, "node"), "c");
  EXPECT_EQ(FindLabel(labels, "nod"), nullptr);
  EXPECT_EQ(FindLabel({}, "x"), nullptr);
}

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,b", ','), (Views{"a", "b"}));
  EXPECT_EQ(Split(",a,,", ','), (Views{"", "a", "", ""}));
  EXPECT_EQ(Split("", ','), (Views{""}));
}

TEST(Strings, TrimAndJoin) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim(" \n"), "");
  EXPECT_EQ(Join({"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(Join({}, ", "), "");
}

TEST(Strings, ParseIntTakesTheWholeTextOrNothing) {
  EXPECT_EQ(ParseInt("-42"), -42);
  EXPECT_EQ(ParseInt("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const std::string_view bad : {"", "-", "+1", " 1", "1 ", "1x", "9223372036854775808"}) {
    EXPECT_EQ(ParseInt(bad), std::nullopt) << bad;
  }
}

TEST(Strings, ParseDurationReadsPrometheusDurations) {
  EXPECT_EQ(ParseDurationMs("500ms"), 500);
  EXPECT_EQ(ParseDurationMs("15s"), 15'000);
  EXPECT_EQ(ParseDurationMs("1m30s"), 90'000);
  EXPECT_EQ(ParseDurationMs("1h0m1ms"), 3'600'001);
  EXPECT_EQ(ParseDurationMs("1y2w3d4h5m6s7ms"),
            (((365 + 14 + 3) * 24 + 4) * 60 + 5) * 60'000ll + 6'007);
  EXPECT_EQ(ParseDurationMs("0"), 0);
  EXPECT_EQ(ParseDurationMs("0s"), 0);
  for (const std::string_view bad : {"", "1", "s", "1x", "1s1m", "1s1s", "1ms1s", "-1s", "1.5s",
                                     " 1s", "1s ", "1S", "300y", "99999999999999999999s"}) {
    EXPECT_EQ(ParseDurationMs(bad), std::nullopt) << bad;
  }
}

TEST(Strings, ParseBytesKnowsDecimalAndBinaryUnits) {
  EXPECT_EQ(ParseBytes("512"), 512);
  EXPECT_EQ(ParseBytes("0B"), 0);
  EXPECT_EQ(ParseBytes("64KB"), 64'000);
  EXPECT_EQ(ParseBytes("1MiB"), 1'048'576);
  EXPECT_EQ(ParseBytes("2Gi"), 2ll << 30);
  EXPECT_EQ(ParseBytes("1TiB"), 1ll << 40);
  for (const std::string_view bad : {"", "B", "-1", "1.5MiB", "1 MiB", "1mib", "9999999999TiB"}) {
    EXPECT_EQ(ParseBytes(bad), std::nullopt) << bad;
  }
}

TEST(Strings, HashHexIsFnv1a) {
  // The vectors of the algorithm's authors.
  EXPECT_EQ(HashHex(""), "cbf29ce484222325");
  EXPECT_EQ(HashHex("a"), "af63dc4c8601ec8c");
  EXPECT_EQ(HashHex("foobar"), "85944171f73967e8");
}

TEST(Strings, KeepsValidUtf8) {
  for (const std::string_view good :
       {"", "plain", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(Utf8(good), good);
  }
}

TEST(Strings, ReplacesEachBadByte) {
  EXPECT_EQ(Utf8("a\x80z"), "a" + kBad + "z");
  EXPECT_EQ(Utf8("\xC0\xAF"), kBad + kBad);                        // overlong '/'
  EXPECT_EQ(Utf8("\xC1\xBF"), kBad + kBad);                        // overlong
  EXPECT_EQ(Utf8("\xE0\x9F\xBF"), kBad + kBad + kBad);             // overlong
  EXPECT_EQ(Utf8("\xED\xA0\x80"), kBad + kBad + kBad);             // a surrogate
  EXPECT_EQ(Utf8("\xF0\x8F\xBF\xBF"), kBad + kBad + kBad + kBad);  // overlong
  EXPECT_EQ(Utf8("\xF4\x90\x80\x80"), kBad + kBad + kBad + kBad);  // over U+10FFFF
  EXPECT_EQ(Utf8("\xF5\x80\x80\x80!"), kBad + kBad + kBad + kBad + "!");
  EXPECT_EQ(Utf8("ok \xE2\x82"), "ok " + kBad + kBad);  // cut
  EXPECT_EQ(Utf8("\xE2\x28\xA1"), kBad + "(" + kBad);
}

TEST(Strings, KnowsLabelNames) {
  for (const std::string_view good : {"a", "_", "A1_b"}) EXPECT_TRUE(IsLabelName(good)) << good;
  for (const std::string_view bad : {"", "1a", "a-b", "a:b", "a.b", "\xC3\xBC"}) {
    EXPECT_FALSE(IsLabelName(bad)) << bad;
  }
}

TEST(Strings, SanitizesLabelNames) {
  EXPECT_EQ(SanitizeLabelName("app.kubernetes.io/name"), "app_kubernetes_io_name");
  EXPECT_EQ(SanitizeLabelName("Team-1_x"), "Team_1_x");
  EXPECT_EQ(SanitizeLabelName("1st"), "_1st");
  EXPECT_EQ(SanitizeLabelName("gr\xC3\xBCn"), "gr_n");
}

TEST(Strings, Base64MatchesRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors{{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(Base64Encode(plain), coded);
    EXPECT_EQ(Base64Decode(coded), plain);
  }
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(Base64Decode(Base64Encode(all)), all);
  EXPECT_EQ(Base64Decode("Zm9v\nYmFy\r\n"), "foobar");
}

TEST(Strings, Base64RefusesWhatIsNot) {
  for (const std::string_view bad :
       {"Z", "Zg", "Zg=", "=", "====", "Z===", "Zg==Zg==", "Zh==", "Zm9=v", "Zm 9", "Zm9-"}) {
    EXPECT_EQ(Base64Decode(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace telltale
