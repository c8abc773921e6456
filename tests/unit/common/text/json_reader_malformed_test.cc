// SPDX-License-Identifier: Apache-2.0
//
// What JsonParser refuses, where it stops, and what it never touches; with each implementation of
// simdjson that this processor can run, as another machine may choose another one.
#include <simdjson.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tests/unit/common/text/json_walk.h"

namespace telltale {
namespace {

std::vector<std::string> Implementations() {
  std::vector<std::string> names;
  for (const auto* one : simdjson::get_available_implementations()) {
    if (one->supported_by_runtime_system()) names.push_back(one->name());
  }
  return names;
}

class JsonReaderMalformed : public testing::TestWithParam<std::string> {
 protected:
  JsonReaderMalformed() {
    simdjson::get_active_implementation() = simdjson::get_available_implementations()[GetParam()];
  }
  ~JsonReaderMalformed() override { simdjson::get_active_implementation() = before_; }

 private:
  const simdjson::implementation* const before_ = simdjson::get_active_implementation();
};

INSTANTIATE_TEST_SUITE_P(Simdjson, JsonReaderMalformed, testing::ValuesIn(Implementations()),
                         [](const auto& test) { return test.param; });

TEST(JsonReaderMalformedSetup, TheImplementationWithoutVectorsIsAmongThoseTested) {
  const auto names = Implementations();
  EXPECT_NE(std::find(names.begin(), names.end(), "fallback"), names.end());
  EXPECT_GE(names.size(), 2u);  // and one of this processor
}

TEST_P(JsonReaderMalformed, RefusesEscapesThatAreNoCharacter) {
  for (const std::string_view bad :
       {R"(["\u12"])", R"(["\u12g4"])", R"(["\u"])", R"(["\ud83d"])", R"(["\ud83dx"])",
        R"(["\ud83d\n"])", R"(["\ud83d\u0041"])", R"(["\ude00"])", R"(["\u-123"])", R"(["\'"])"}) {
    EXPECT_EQ(Read(bad).text, "JSON is malformed at byte 1: a string has a bad escape") << bad;
  }
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

TEST_P(JsonReaderMalformed, ReadsNothingBehindTheText) {
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

TEST_P(JsonReaderMalformed, RefusesMalformedDocuments) {
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

TEST_P(JsonReaderMalformed, SaysAtWhichByteAndWhatIsWrong) {
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

TEST_P(JsonReaderMalformed, DoesNotLetADecoderHideAMalformedString) {
  JsonParser parser;
  const Status status = parser.Parse("[\"\\x\"]", [](JsonValue root) {
    return root.ForEachElement([](JsonValue value) -> Status {
      (void)value.String();  // nothing, which reads as "absent"
      return {};
    });
  });
  EXPECT_FALSE(status.ok());
}

TEST_P(JsonReaderMalformed, RefusesADocumentThatIsCutAtAnyByteBeforeTheFirstCallback) {
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

TEST_P(JsonReaderMalformed, SurvivesEveryByteReplacedByEveryStructuralOne) {
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

TEST_P(JsonReaderMalformed, ReadsDownTo128LevelsAndNoFurther) {
  EXPECT_TRUE(Read(Nested(128)).ok);
  EXPECT_FALSE(Read(Nested(129)).ok);
  EXPECT_NE(Read(Nested(100'000)).text.find("deeper than 128"), std::string::npos);
}

TEST_P(JsonReaderMalformed, SkipsAnyDepthWithoutRecursion) {
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

TEST_P(JsonReaderMalformed, RefusesADocumentOver64MiB) {
  JsonParser parser;
  const std::string big((64u << 20) + 1, ' ');
  const Status status = parser.Parse(big, [](JsonValue) -> Status { return {}; });
  EXPECT_EQ(status.error().code, Code::kTooLarge);
}

}  // namespace
}  // namespace telltale
