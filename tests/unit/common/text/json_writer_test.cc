// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace telltale {
namespace {

std::string Quoted(std::string_view value) {
  std::string out;
  AppendJsonString(value, out);
  return out;
}

TEST(JsonWriter, PutsCommasBetweenMembersAndElementsOnly) {
  std::string out;
  JsonWriter w(&out);
  w.BeginArray().BeginObject().Field("a", "x").Key("b").BeginArray().Int(1).Int(2).EndArray();
  w.Key("c").BeginObject().EndObject().Key("d").BeginArray().EndArray().EndObject();
  w.Bool(true).Bool(false).Null().Raw("{\"r\":1}").EndArray();
  EXPECT_EQ(out, R"([{"a":"x","b":[1,2],"c":{},"d":[]},true,false,null,{"r":1}])");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "event: ";
  JsonWriter(&out).BeginObject().EndObject();
  EXPECT_EQ(out, "event: {}");
}

TEST(JsonWriter, WritesIntegersInFull) {
  std::string out;
  JsonWriter w(&out);
  w.BeginArray().Int(std::numeric_limits<std::int64_t>::min());
  w.Int(std::numeric_limits<std::int64_t>::max()).EndArray();
  EXPECT_EQ(out, "[-9223372036854775808,9223372036854775807]");
}

TEST(JsonWriter, WritesTheShortestDoubleThatReadsBackAndNullForNoNumber) {
  std::string out;
  JsonWriter w(&out);
  w.BeginArray().Double(0.1).Double(-2.5).Double(1e300);
  w.Double(std::numeric_limits<double>::quiet_NaN());
  w.Double(-std::numeric_limits<double>::infinity()).EndArray();
  EXPECT_EQ(out, "[0.1,-2.5,1e+300,null,null]");
}

TEST(JsonWriter, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(Quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(Quoted("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(Quoted(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(Quoted(""), "\"\"");
}

TEST(JsonWriter, KeepsUtf8AndReplacesWhatIsNot) {
  EXPECT_EQ(Quoted("gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80!"),
            "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80!\"");
  EXPECT_EQ(Quoted("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
  EXPECT_EQ(Quoted("cut \xE2\x82"), "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, EscapesKeysToo) {
  std::string out;
  JsonWriter(&out).BeginObject().Field("k\"\n", "v").EndObject();
  EXPECT_EQ(out, R"({"k\"\n":"v"})");
}

TEST(JsonWriterDeathTest, EndsTheProcessWhenAKeyHasNoValue) {
  std::string out;
  EXPECT_DEATH(JsonWriter(&out).BeginObject().Key("a").EndObject(), "bug in Telltale");
}

}  // namespace
}  // namespace telltale
