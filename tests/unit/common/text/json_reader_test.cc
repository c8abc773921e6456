// SPDX-License-Identifier: Apache-2.0
#include "common/text/json_reader.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

namespace telltale {
namespace {

using Type = JsonValue::Type;

// Reads everything there is, so that nothing malformed is skipped, and writes down what it saw.
Status Walk(JsonValue value, std::string& out) {
  switch (value.type()) {
    case Type::kObject:
      out += '{';
      TELLTALE_TRY(value.ForEachField([&](std::string_view key, JsonValue member) -> Status {
        out.append(key).append("=");
        return Walk(member, out);
      }));
      out += '}';
      return {};
    case Type::kArray:
      out += '[';
      TELLTALE_TRY(
          value.ForEachElement([&](JsonValue element) -> Status { return Walk(element, out); }));
      out += ']';
      return {};
    case Type::kString:
      if (const auto text = value.String()) out.append("'").append(*text).append("'");
      return {};
    case Type::kNumber:
      if (const auto number = value.Int()) {
        out += std::to_string(*number) + " ";
      } else if (const auto real = value.Double()) {
        out += std::to_string(*real) + "f ";
      }
      return {};
    case Type::kBool:
      out += *value.Bool() ? "T" : "F";
      return {};
    case Type::kNull:
      out += "N";
      return {};
    case Type::kInvalid:
      break;
  }
  return {};
}

struct Outcome {
  bool ok;
  std::string text;
};

Outcome Read(std::string_view json) {
  JsonParser parser;
  std::string out;
  const Status status = parser.Parse(json, [&](JsonValue root) { return Walk(root, out); });
  return {status.ok(), status.ok() ? out : status.error().message};
}

constexpr std::string_view kPod = R"({
  "kind": "Pod", "metadata": {"name": "shop-\u0031", "namespace": "shop", "uid": "a-b",
    "labels": {"app": "shop", "tier": "web \ud83d\ude00"}, "annotations": {"x": "{\"a\": [1, 2]}"},
    "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {".": {}}}}]},
  "spec": {"nodeName": "n1", "terminationGracePeriodSeconds": 30, "containers": [
    {"name": "shop", "image": "shop:1", "ports": [{"name": "http", "containerPort": 8080}],
     "resources": {}, "stdin": false, "args": ["-a", "", null, true, -1.5e3]}]},
  "status": {"phase": "Running", "podIP": "10.0.0.7", "podIPs": [{"ip": "10.0.0.7"}]}
})";

TEST(JsonReader, ReadsEveryKindOfValueInDocumentOrder) {
  const Outcome got = Read(R"({"s":"a","i":-7,"d":2.5,"t":true,"f":false,"n":null,"a":[1,[],{}]})");
  EXPECT_EQ(got.text, "{s='a'i=-7 d=2.500000f t=Tf=Fn=Na=[1 []{}]}");
}

TEST(JsonReader, ReadsAnArrayAtTheRoot) { EXPECT_EQ(Read(" [ 1 , 2 ] \n").text, "[1 2 ]"); }

TEST(JsonReader, UnescapesStringsAndKeys) {
  EXPECT_EQ(Read(R"({"a\n\u0062":"\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00"})").text,
            "{a\nb='\"\\/\b\f\n\r\t\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80'}");
}

TEST(JsonReader, RefusesEscapesThatAreNoCharacter) {
  for (const std::string_view bad :
       {R"(["\u12"])", R"(["\u12g4"])", R"(["\u"])", R"(["\ud83d"])", R"(["\ud83dx"])",
        R"(["\ud83d\n"])", R"(["\ud83d\u0041"])", R"(["\ude00"])", R"(["\u-123"])", R"(["\'"])"}) {
    EXPECT_EQ(Read(bad).text, "JSON is malformed at byte 1: a string has a bad escape") << bad;
  }
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

// The text in front of memory that must not be touched.
class Guarded {
 public:
  explicit Guarded(std::size_t most)
      : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
        room_((most + page_ - 1) / page_ * page_),
        start_(static_cast<char*>(::mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    EXPECT_EQ(::mprotect(start_ + room_, page_, PROT_NONE), 0);
  }
  ~Guarded() { ::munmap(start_, room_ + page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  std::string_view Put(std::string_view text) {
    char* const at = start_ + room_ - text.size();
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

 private:
  const std::size_t page_, room_;
  char* const start_;
};

TEST(JsonReader, ReadsNothingBehindTheText) {
  Guarded memory(2 * kPod.size());
  const std::string end = R"(","\u00e9":["\\",1,true]}})";
  for (std::size_t padding = 0; padding < 130; ++padding) {
    const std::string whole = R"({"a":{"b":")" + std::string(padding, 'x') + end;
    EXPECT_TRUE(Read(memory.Put(whole)).ok) << padding;
    EXPECT_TRUE(Read(memory.Put(whole + "\n")).ok) << padding;
  }
  for (std::size_t length = 0; length < kPod.size(); ++length) {
    EXPECT_FALSE(Read(memory.Put(kPod.substr(0, length))).ok) << length;
    // Half a character, or half an escape, at the very end.
    EXPECT_FALSE(Read(memory.Put(std::string(kPod.substr(0, length)) + "\xF0")).ok) << length;
    EXPECT_FALSE(Read(memory.Put(std::string(kPod.substr(0, length)) + "\xE2}")).ok) << length;
    EXPECT_FALSE(Read(memory.Put(std::string(kPod.substr(0, length)) + "\\")).ok) << length;
  }
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

TEST(JsonReader, RefusesMalformedDocuments) {
  for (const std::string_view bad : {"",
                                     " ",
                                     "{",
                                     "[",
                                     "}",
                                     "{]",
                                     "[}",
                                     "{\"a\"}",
                                     "{\"a\":}",
                                     "{\"a\":1,}",
                                     "{,}",
                                     "{1:2}",
                                     "{\"a\" 1}",
                                     "{\"a\":1 \"b\":2}",
                                     "[1,]",
                                     "[,1]",
                                     "[[,1],2]",
                                     "[1 2]",
                                     "[1}",
                                     "{\"a\":[1}",
                                     "[01]",
                                     "[1.]",
                                     "[.5]",
                                     "[+1]",
                                     "[-]",
                                     "[1e]",
                                     "[0x1]",
                                     "[tru]",
                                     "[truex]",
                                     "[nul]",
                                     "[NaN]",
                                     "[\"\\x\"]",
                                     "[\"\\ud800\"]",
                                     "[\"a\nb\"]",
                                     "[\"a]",
                                     "[\"\xFF\"]",
                                     "{}{}",
                                     "[] 1",
                                     "{}}",
                                     "[1]x",
                                     "[[1]",
                                     "1",
                                     "\"a\"",
                                     "null",
                                     "{\"a\":{\"b\":1}",
                                     "[{\"a\":1]}"}) {
    EXPECT_FALSE(Read(bad).ok) << bad << " gave " << Read(bad).text;
  }
}

TEST(JsonReader, SaysAtWhichByteAndWhatIsWrong) {
  EXPECT_EQ(Read("[1,\"\\x\"]").text, "JSON is malformed at byte 3: a string has a bad escape");
  EXPECT_EQ(Read("[true, flase]").text, "JSON is malformed at byte 7: a value is misspelt");
  EXPECT_EQ(Read("[\"ok\xFF\"]").text, "JSON is malformed at byte 4: the text is not UTF-8");
  EXPECT_EQ(Read("{} []").text,
            "JSON is malformed at byte 3: something follows the end of the document");
  EXPECT_EQ(Read("[[1]").text, "JSON is malformed at byte 4: a bracket is not closed");
  EXPECT_EQ(Read("[{\"a\":1]}").text,
            "JSON is malformed at byte 7: a bracket closes one of another kind");
  EXPECT_EQ(
      Read("{\"a\": ").text,
      "JSON is malformed at byte 5: the document does not end with the bracket that closes it");
  EXPECT_EQ(Read("").text, "JSON is malformed at byte 0: the document is empty");
}

TEST(JsonReader, DoesNotLetADecoderHideAMalformedString) {
  JsonParser parser;
  const Status status = parser.Parse("[\"\\x\"]", [](JsonValue root) {
    return root.ForEachElement([](JsonValue value) -> Status {
      (void)value.String();  // nothing, which reads as "absent"
      return {};
    });
  });
  EXPECT_FALSE(status.ok());
}

TEST(JsonReader, RefusesADocumentThatIsCutAtAnyByteBeforeTheFirstCallback) {
  ASSERT_TRUE(Read(kPod).ok) << Read(kPod).text;
  JsonParser parser;
  for (std::size_t length = 0; length < kPod.size(); ++length) {
    bool called = false;
    // A copy of exactly this length, so that a read past it is seen by the sanitizer.
    const std::vector<char> cut(kPod.begin(), kPod.begin() + static_cast<std::ptrdiff_t>(length));
    const Status status =
        parser.Parse(std::string_view(cut.data(), cut.size()), [&](JsonValue) -> Status {
          called = true;
          return {};
        });
    EXPECT_FALSE(status.ok()) << length;
    EXPECT_FALSE(called) << length;
  }
}

TEST(JsonReader, SurvivesEveryByteReplacedByEveryStructuralOne) {
  JsonParser parser;
  for (std::size_t at = 0; at < kPod.size(); ++at) {
    for (const char c : std::string_view("{}[],:\"\\0 \x00\xFFn-", 15)) {
      std::string bent(kPod);
      bent[at] = c;
      std::string out;
      // Only that it returns: the sanitizers say whether it read or wrote where it must not.
      (void)parser.Parse(bent, [&](JsonValue root) { return Walk(root, out); });
    }
  }
  EXPECT_TRUE(Read(kPod).ok);
}

std::string Nested(int depth) {
  const auto n = static_cast<std::size_t>(depth);
  return std::string(n, '[') + std::string(n, ']');
}

TEST(JsonReader, ReadsDownTo128LevelsAndNoFurther) {
  EXPECT_TRUE(Read(Nested(128)).ok);
  EXPECT_FALSE(Read(Nested(129)).ok);
  EXPECT_NE(Read(Nested(100'000)).text.find("deeper than 128"), std::string::npos);
}

TEST(JsonReader, SkipsAnyDepthWithoutRecursion) {
  JsonParser parser;
  const std::string deep = "{\"skip\":" + Nested(1'000'000) + ",\"read\":1}";
  std::int64_t read = 0;
  const Status status = parser.Parse(deep, [&](JsonValue root) {
    return root.ForEachField([&](std::string_view key, JsonValue value) -> Status {
      if (key == "read") read = *value.Int();
      return {};
    });
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(read, 1);
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

TEST(JsonReader, RefusesADocumentOver64MiB) {
  JsonParser parser;
  const std::string big((64u << 20) + 1, ' ');
  const Status status = parser.Parse(big, [](JsonValue) -> Status { return {}; });
  EXPECT_EQ(status.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace telltale
