// SPDX-License-Identifier: Apache-2.0
//
// What JsonParser reads.
#include <vector>

#include "tests/unit/common/text/json_walk.h"

namespace telltale {
namespace {

using Type = JsonValue::Type;

TEST(JsonReader, ReadsEveryKindOfValueInDocumentOrder) {
  const Outcome got = Read(R"({"s":"a","i":-7,"d":2.5,"t":true,"f":false,"n":null,"a":[1,[],{}]})");
  EXPECT_EQ(got.text, "{s='a'i=-7 d=2.500000f t=Tf=Fn=Na=[1 []{}]}");
}

TEST(JsonReader, ReadsAnArrayAtTheRoot) { EXPECT_EQ(Read(" [ 1 , 2 ] \n").text, "[1 2 ]"); }

TEST(JsonReader, UnescapesStringsAndKeys) {
  EXPECT_EQ(Read(R"({"a\n\u0062":"\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00"})").text,
            "{a\nb='\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80'}");
}

TEST(JsonReader, ReadsStringsBeforeBetweenAndAfterEscapes) {
  EXPECT_EQ(Read(R"({"a":"x","skip\n":{"\t":["\\"]},"b":"y\"","c":"z","d":"\\"})").text,
            "{a='x'skip\n={\t=['\\']}b='y\"'c='z'd='\\'}");
  JsonParser parser;
  std::string seen;
  const Status status =
      parser.Parse(R"({"a":"x","skip":{"\t":["\\"]},"b":"y\\","c":"z"})", [&](JsonValue root) {
        return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
          if (key != "skip") seen.append(key).append(*value.String());
          return {};
        });
      });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(seen, "axby\\cz");
}

TEST(JsonReader, KeepsStringsValidUntilTheCallbackOfParseEnds) {
  JsonParser parser;
  std::vector<std::string_view> seen;
  const Status status = parser.Parse(R"(["a\u0062","cd",{"e\u0066":"g"}])", [&](JsonValue root) {
    const Status walked = root.ForEachElement([&](JsonValue element) -> Status {
      if (const auto text = element.String()) {
        seen.push_back(*text);
        return {};
      }
      return element.ForEachField([&](std::string_view key, JsonValue value) -> Status {
        seen.push_back(key);
        seen.push_back(*value.String());
        return {};
      });
    });
    EXPECT_EQ(seen, (std::vector<std::string_view>{"ab", "cd", "ef", "g"}));
    return walked;
  });
  EXPECT_TRUE(status.ok());
}

TEST(JsonReader, SkipsMembersThatNobodyReads) {
  JsonParser parser;
  std::string phase, ip;
  const Status status = parser.Parse(kPod, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key != "status") return {};
      return value.ForEachField([&](std::string_view name, JsonValue member) -> Status {
        if (name == "phase") phase = *member.String();
        if (name == "podIP") ip = *member.String();
        return {};
      });
    });
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(phase + " " + ip, "Running 10.0.0.7");
}

TEST(JsonReader, TakesARootThatNobodyReads) {
  JsonParser parser;
  EXPECT_TRUE(parser.Parse(kPod, [](JsonValue) -> Status { return {}; }).ok());
}

TEST(JsonReader, GivesNothingForAValueOfAnotherTypeAndGoesOn) {
  JsonParser parser;
  int last = 0;
  const Status status = parser.Parse(
      R"({"s":"1","n":1,"b":true,"o":{"x":[1]},"z":null,"last":5})", [&](JsonValue root) {
        return root.ForEachField([&](std::string_view key, JsonValue v) -> Status {
          if (key == "last") last = static_cast<int>(*v.Int());
          EXPECT_EQ(v.String().has_value(), key == "s") << key;
          EXPECT_EQ(v.Int().has_value(), key == "n" || key == "last") << key;
          EXPECT_EQ(v.Bool().has_value(), key == "b") << key;
          return {};
        });
      });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(last, 5);
}

TEST(JsonReader, SaysWhereAnObjectOrArrayWasExpected) {
  JsonParser parser;
  const auto no_field = [](std::string_view, JsonValue) -> Status { return {}; };
  const auto no_element = [](JsonValue) -> Status { return {}; };
  const Status object = parser.Parse(R"({"a": [1]})", [&](JsonValue root) {
    return root.ForEachField(
        [&](std::string_view, JsonValue v) -> Status { return v.ForEachField(no_field); });
  });
  EXPECT_EQ(object.error().message, "the JSON value at byte 6 is not an object");
  EXPECT_EQ(object.error().code, Code::kInvalid);
  const Status array =
      parser.Parse("{}", [&](JsonValue root) { return root.ForEachElement(no_element); });
  EXPECT_EQ(array.error().message, "the JSON value at byte 0 is not an array");
}

TEST(JsonReader, StopsAtTheFirstErrorOfACallback) {
  JsonParser parser;
  int calls = 0;
  const Status status = parser.Parse("[1,2,3]", [&](JsonValue root) {
    return root.ForEachElement([&](JsonValue) -> Status {
      return ++calls == 2 ? Status(Fail(Code::kNotFound, "two")) : Status();
    });
  });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(status.error().message, "two");
  EXPECT_EQ(status.error().code, Code::kNotFound);
}

TEST(JsonReader, GoesOnAfterACallbackThatLeftAValueHalfRead) {
  JsonParser parser;
  std::string seen;
  const Status status =
      parser.Parse(R"({"a":{"x":[1,{"y":2}],"z":3},"b":[[1,2],3],"c":"end"})", [&](JsonValue root) {
        return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
          seen += key;
          (void)value.ForEachField([&](std::string_view, JsonValue inner) -> Status {
            return inner.ForEachElement([](JsonValue) { return Fail(Code::kInvalid, "enough"); });
          });
          (void)value.ForEachElement([](JsonValue) { return Fail(Code::kInvalid, "enough"); });
          if (const auto text = value.String()) seen += *text;
          return {};
        });
      });
  EXPECT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(seen, "abcend");
}

TEST(JsonReader, ReadsAValueOnce) {
  JsonParser parser;
  const Status status = parser.Parse(R"(["text",{"a":1}])", [](JsonValue root) {
    return root.ForEachElement([](JsonValue value) -> Status {
      const auto skip = [](std::string_view, JsonValue) -> Status { return {}; };
      if (value.type() == Type::kString) {
        EXPECT_EQ(value.String(), "text");
        EXPECT_EQ(value.String(), std::nullopt);
      } else {
        EXPECT_TRUE(value.ForEachField(skip).ok());
        EXPECT_FALSE(value.ForEachField(skip).ok());
        EXPECT_EQ(value.Raw(), std::nullopt);
      }
      return {};
    });
  });
  EXPECT_TRUE(status.ok());
}

TEST(JsonReader, GivesTheRawBytesOfAnyValue) {
  JsonParser parser;
  std::vector<std::string> raw;
  const Status status = parser.Parse(
      R"([ {"a" : [1, 2]} , [ ] , "t\n" , -1.5 , true , null , {"b":{}} ])", [&](JsonValue root) {
        return root.ForEachElement([&](JsonValue value) -> Status {
          raw.emplace_back(*value.Raw());
          return {};
        });
      });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(raw, (std::vector<std::string>{R"({"a" : [1, 2]})", "[ ]", R"("t\n")", "-1.5", "true",
                                           "null", R"({"b":{}})"}));
}

TEST(JsonReader, KeepsIntegersToTheLastBitAndRefusesLargerOnes) {
  EXPECT_EQ(Read("[9223372036854775807,-9223372036854775808]").text,
            "[9223372036854775807 -9223372036854775808 ]");
  EXPECT_EQ(Read("[9223372036854775808]").text, "[9223372036854775808.000000f ]");
  JsonParser parser;
  const Status status = parser.Parse(
      "[9223372036854775808, 1e400, 1.0, 123456789012345678901234567890]", [](JsonValue root) {
        return root.ForEachElement([](JsonValue value) -> Status {
          EXPECT_EQ(value.Int(), std::nullopt);
          return {};
        });
      });
  EXPECT_TRUE(status.ok());
}

TEST(JsonReader, IsReusedForDocumentsOfAnySize) {
  JsonParser parser;
  for (const std::size_t size : {10u, 200'000u, 100u, 70'000u, 1'000'000u, 1u}) {
    const std::string text(size, 'x');
    std::string got;
    const Status status = parser.Parse("[\"" + text + "\"]", [&](JsonValue root) {
      return root.ForEachElement([&](JsonValue value) -> Status {
        got = *value.String();
        return {};
      });
    });
    EXPECT_TRUE(status.ok());
    EXPECT_EQ(got, text);
  }
}

}  // namespace
}  // namespace telltale
