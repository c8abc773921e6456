// SPDX-License-Identifier: Apache-2.0
//
// The small encoders and decoders of common/base that several layers share.
#include "common/base/ascii.h"

#include <gtest/gtest.h>

#include "common/base/json_escape.h"
#include "common/base/percent.h"
#include "common/base/utf8.h"

namespace telltale {
namespace {

TEST(Ascii, DigitsLettersAndHexValuesAreThoseOfAscii) {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    EXPECT_EQ(IsDigit(byte), c >= '0' && c <= '9') << c;
    EXPECT_EQ(IsLetter(byte), (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) << c;
    const auto at = std::string_view("0123456789abcdefABCDEF").find(byte);
    EXPECT_EQ(IsHexDigit(byte), at != std::string_view::npos) << c;
    if (at != std::string_view::npos) {
      EXPECT_EQ(HexValue(byte), at < 16 ? at : at - 6) << c;
    }
  }
  EXPECT_EQ(LowerAscii("AbC-Z[\xC3\x84"), "abc-z[\xC3\x84");
}

TEST(Percent, EscapesOfTwoHexDigitsAreDecodedAndOthersStay) {
  EXPECT_EQ(PercentDecode("a%41%2f%2F+"), "aA//+");
  EXPECT_EQ(PercentDecode("%"), "%");
  EXPECT_EQ(PercentDecode("%4"), "%4");
  EXPECT_EQ(PercentDecode("%zz%4"), "%zz%4");
  EXPECT_EQ(FormDecode("a+b%2B"), "a b+");
}

TEST(JsonEscape, ControlCharactersQuotesAndBackslashesAreEscaped) {
  std::string out;
  for (const char c : std::string_view("a\"\\\n\r\t\b\x01\x7F", 9)) {
    IsPlainInJson(c) ? void(out += c) : AppendJsonEscape(c, out);
  }
  EXPECT_EQ(out, "a\\\"\\\\\\n\\r\\t\\u0008\\u0001\x7F");
}

TEST(Utf8, EveryCodePointIsEncodedInAFormThatIsRecognised) {
  for (std::uint32_t point = 0; point <= 0x10FFFF; point += point < 0x900 ? 1 : 251) {
    std::string text;
    AppendUtf8(point, text);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    EXPECT_EQ(Utf8Length(text + "x"), surrogate ? 0 : text.size()) << std::hex << point;
  }
  std::string euro;
  AppendUtf8(0x20AC, euro);
  EXPECT_EQ(euro, "\xE2\x82\xAC");
}

TEST(Utf8, BytesThatAreNoCharacterHaveNoLength) {
  for (const char* text : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xE2\x82",
                           "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(Utf8Length(text), 0u) << text;
  }
}

}  // namespace
}  // namespace telltale
