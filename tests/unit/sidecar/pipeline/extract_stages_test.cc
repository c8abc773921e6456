// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/sidecar/pipeline/stage_runner.h"

namespace telltale {
namespace {

// The labels that the values of a JSON line become.
std::string Json(std::string_view line, const Labels& expressions) {
  Labels labels;
  for (const auto& [name, path] : expressions) labels.emplace_back(name, "");
  StageRunner runner({{JsonSpec{expressions, "", false}, LabelsSpec{labels}}});
  runner.Line(line);
  return runner.LabelsText().substr(8);
}

TEST(JsonStage, TakesValuesByPath) {
  EXPECT_EQ(Json(R"({"level":"info","n":1})", {{"level", ""}}), " level=info");
  EXPECT_EQ(Json(R"( { "a" : {"b":[1,{"c":"x"}]} } )", {{"v", "a.b[1].c"}}), " v=x");
  EXPECT_EQ(Json(R"({"trace-id":"7"})", {{"v", "\"trace-id\""}}), " v=7");
  EXPECT_EQ(Json(R"({"v":1,"v":2})", {{"v", ""}}), " v=2");
  EXPECT_EQ(Json(R"({"a":{"b":1},"a":3})", {{"v", "a.b"}}), "");
  EXPECT_EQ(Json(R"({"p":true,"q":null,"r":false})", {{"p", ""}, {"q", ""}, {"r", ""}}),
            " p=true r=false");
}

TEST(JsonStage, PrintsNumbersAsGoPrintsAFloat64) {
  const auto number = [](const std::string& text) {
    return Json("{\"v\":" + text + "}", {{"v", ""}}).substr(3);
  };
  EXPECT_EQ(number("12"), "12");
  EXPECT_EQ(number("-0"), "-0");
  EXPECT_EQ(number("1.50"), "1.5");
  EXPECT_EQ(number("0.001"), "0.001");
  EXPECT_EQ(number("1e3"), "1000");
  EXPECT_EQ(number("1E-7"), "0.0000001");
  EXPECT_EQ(number("12345678901234567890"), "12345678901234567000");
  EXPECT_EQ(number("1.0"), "1");
}

TEST(JsonStage, StringsAreUnescapedAndNestedValuesWrittenAnew) {
  EXPECT_EQ(Json(R"({"v":"a\tb\"\u00e9\ud83d\ude00"})", {{"v", ""}}),
            " v=a\tb\"\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(Json(R"({"v":"\ud83d"})", {{"v", ""}}), " v=\xef\xbf\xbd");
  EXPECT_EQ(Json(R"({"v": {"b" : 1.0, "a":[ "<" , null]}})", {{"v", ""}}),
            " v={\"a\":[\"\\u003c\",null],\"b\":1}");
  EXPECT_EQ(Json(R"({"l\u0065vel":"x"})", {{"level", ""}}), " level=x");
}

TEST(JsonStage, OfAMalformedLineNothingIsTaken) {
  for (const char* line : {"", "x", "{\"a\":1", "{\"a\":01}", "{\"a\":1}x", "[{\"a\":1}]",
                           "{\"a\":\"\\x\"}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1 \"b\":2}"}) {
    EXPECT_EQ(Json(line, {{"a", ""}}), "") << line;
  }
  StageRunner dropping({{JsonSpec{{{"a", ""}}, "", true}}});
  EXPECT_EQ(dropping.Line("no json"), "dropped: malformed_json");
  EXPECT_EQ(dropping.Line("{\"b\":1}"), "{\"b\":1}");
}

TEST(JsonStage, ASourceIsAValueOfAnEarlierStage) {
  StageRunner runner({{JsonSpec{{{"inner", ""}}, "", false}, JsonSpec{{{"x", ""}}, "inner", false},
                       LabelsSpec{{{"x", ""}}}}});
  runner.Line(R"({"inner":"{\"x\":\"7\"}"})");
  EXPECT_EQ(runner.LabelsText(), "app=shop x=7");
  runner.Line(R"({"inner":null})");
  EXPECT_EQ(runner.LabelsText(), "app=shop");
}

TEST(LogfmtStage, TakesPairsUpToTheFirstMistake) {
  StageRunner runner({{LogfmtSpec{{{"level", "lvl"}, {"msg", ""}}, ""},
                       LabelsSpec{{{"level", ""}, {"msg", ""}}}}});
  runner.Line(R"(ts=1 lvl=warn msg="a \"b\"" other)");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=warn msg=a \"b\"");
  runner.Line(R"(lvl=info x="open msg=no)");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=info");
  runner.Line("msg= lvl=a=b");
  EXPECT_EQ(runner.LabelsText(), "app=shop");
}

TEST(RegexStage, TakesNamedGroups) {
  StageRunner runner({{RegexSpec{"^(?P<ip>\\S+) (x)?(?P<rest>[a-z]+)?", ""},
                       LabelsSpec{{{"ip", ""}, {"rest", ""}}}}});
  runner.Line("1.2.3.4 abc");
  EXPECT_EQ(runner.LabelsText(), "app=shop ip=1.2.3.4 rest=abc");
  runner.Line("1.2.3.4 7");
  EXPECT_EQ(runner.LabelsText(), "app=shop ip=1.2.3.4");
  runner.Line("nothing");
  EXPECT_EQ(runner.LabelsText(), "app=shop");
}

TEST(ReplaceStage, EachGroupOfEachMatchIsReplaced) {
  StageRunner runner({{ReplaceSpec{"password=(\\S+)", "", "****"}}});
  EXPECT_EQ(runner.Line("a password=x b password=yy c"), "a password=**** b password=**** c");
  EXPECT_EQ(runner.Line("nothing to hide"), "nothing to hide");
  StageRunner upper({{ReplaceSpec{"(?P<word>[a-z]+) (\\d+)", "", "<{{ .Value | ToUpper }}>"},
                      LabelsSpec{{{"word", ""}}}}});
  EXPECT_EQ(upper.Line("ab 12 cd 34"), "<AB> <12> <CD> <34>");
  EXPECT_EQ(upper.LabelsText(), "app=shop word=<AB>");
}

TEST(ReplaceStage, ASourceIsReplacedInsteadOfTheLine) {
  StageRunner runner({{JsonSpec{{{"ip", ""}, {"who", ""}}, "", false},
                       ReplaceSpec{"(\\d+)$", "ip", "{{ .who }}"}, LabelsSpec{{{"ip", ""}}}}});
  const std::string line = R"({"ip":"10.0.0.7","who":"me"})";
  EXPECT_EQ(runner.Line(line), line);
  EXPECT_EQ(runner.LabelsText(), "app=shop ip=10.0.0.me");
}

TEST(Pipeline, WhatIsWrongIsSaidWithTheStage) {
  EXPECT_EQ(CompileError({{LabelsSpec{{{"a", ""}}}, RegexSpec{"(", ""}}}),
            "[1].regex: expression: must be an RE2 regular expression: missing ): (");
  EXPECT_EQ(CompileError({{LabelsSpec{{{"a", ""}}}, MultilineSpec{"x"}}}),
            "[1].multiline: must be the first stage: lines are joined before anything is taken "
            "out of them");
  EXPECT_NE(CompileError({{ReplaceSpec{"(a)", "", "{{ printf }}"}}}).find("ToUpper"),
            std::string::npos);
  EXPECT_NE(CompileError({{JsonSpec{{{"a", "a[*]"}}, "", false}}}).find("must be a path"),
            std::string::npos);
}

}  // namespace
}  // namespace telltale
