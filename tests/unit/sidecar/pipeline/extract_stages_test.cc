// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

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
  EXPECT_EQ(number("1.0"), "1");
}

TEST(JsonStage, KeepsTheDigitsOfIntegersAndLongFractions) {
  const auto number = [](const std::string& text) {
    return Json("{\"v\":" + text + "}", {{"v", ""}}).substr(3);
  };
  for (const char* text :
       {"1234567890123456789", "12345678901234567890", "-9007199254740993", "0",
        "1796000000.123456789", "-0.1234567890123456789", "100000000000000000000000000000"}) {
    EXPECT_EQ(number(text), text);
  }
  EXPECT_EQ(Json(R"({"v":[1234567890123456789, {"b": 9007199254740993, "a": 1.50}]})", {{"v", ""}}),
            " v=[1234567890123456789,{\"a\":1.5,\"b\":9007199254740993}]");
}

TEST(JsonStage, ALineThatIsNoJsonIsAFailureUnlessItIsDropped) {
  StageRunner keeps({{JsonSpec{{{"a", ""}}, "", false}}});
  keeps.Line("{\"a\":1}");
  EXPECT_EQ(keeps.FailuresText(), "");
  keeps.Line("no json");
  keeps.Line("neither");
  EXPECT_EQ(keeps.FailuresText(), "json malformed 2 (no json)");
  keeps.NextBatch();
  EXPECT_EQ(keeps.FailuresText(), "");
  StageRunner drops({{JsonSpec{{{"a", ""}}, "", true}}});
  drops.Line("no json");
  EXPECT_EQ(drops.FailuresText(), "");
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

TEST(LogfmtStage, TakesPairs) {
  StageRunner runner({{LogfmtSpec{{{"level", "lvl"}, {"msg", ""}}, ""},
                       LabelsSpec{{{"level", ""}, {"msg", ""}}}}});
  runner.Line(R"(ts=1 lvl=warn msg="a \"b\"" other)");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=warn msg=a \"b\"");
  runner.Line("msg= lvl=a=b");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=a=b");
  runner.Line("level=x lvl=debug lvl=error");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=error");
}

TEST(LogfmtStage, AValueEndsAtTheSpaceWhateverIsInIt) {
  StageRunner runner(
      {{LogfmtSpec{{{"level", ""}, {"v", ""}}, ""}, LabelsSpec{{{"level", ""}, {"v", ""}}}}});
  std::string line;  // labels point into it
  const auto after = [&](std::string_view value) {
    line = "v=" + std::string(value) + " level=info";
    runner.Line(line);
    return runner.LabelsText();
  };
  for (const char* value : {"/a?b=c", "YWJj==", "task=main", "{\"a\":1}", "un\"quoted", "a\"b\"",
                            "\xef\xbf\xbd", "c:\\dir"}) {
    EXPECT_EQ(after(value), "app=shop level=info v=" + std::string(value));
    EXPECT_EQ(runner.FailuresText(), "");
  }
}

TEST(LogfmtStage, WordsThatAreNoPairAreSkipped) {
  StageRunner runner({{LogfmtSpec{{{"level", ""}}, ""}, LabelsSpec{{{"level", ""}}}}});
  for (const char* line : {"2026-11-21 =x level=info", "\"quoted text\" level=info",
                           "a\"b\"=c level=info", "== level=info tail", "first\nlevel=info"}) {
    runner.Line(line);
    EXPECT_EQ(runner.LabelsText(), "app=shop level=info") << line;
  }
  EXPECT_EQ(runner.FailuresText(), "");
}

TEST(LogfmtStage, AQuotedValueThatDoesNotEndIsAFailureAndPairsBeforeItCount) {
  StageRunner runner(
      {{LogfmtSpec{{{"level", ""}, {"msg", ""}}, ""}, LabelsSpec{{{"level", ""}, {"msg", ""}}}}});
  runner.Line(R"(level=info x="open msg=no)");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=info");
  runner.Line(R"(level=warn x="\q" msg=no)");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=warn");
  EXPECT_EQ(runner.FailuresText(), R"(logfmt malformed 2 (level=info x="open msg=no))");
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

TEST(RegexStage, ALineThatDoesNotMatchIsCountedButIsNoFailure) {
  StageRunner runner({{RegexSpec{"^(?P<ip>[0-9.]+) ", ""}}});
  runner.Line("10.1.2.3 x");
  runner.Line("nothing");
  EXPECT_EQ(runner.FailuresText(), "regex unmatched 1 (nothing)");
  for (const StageFailure& failure : runner.run().failures()) EXPECT_FALSE(failure.is_failure());
}

TEST(Regex, TakesTheNamedGroupsOfGo) {
  const auto group = [](std::string_view expression, std::string_view text) {
    auto regex = Regex::Compile(expression);
    EXPECT_TRUE(regex.ok()) << expression;
    std::vector<std::string_view> groups(regex->groups());
    EXPECT_TRUE(regex->Find(text, 0, groups)) << expression;
    return regex->name(1) + "=" + std::string(groups[1]);
  };
  EXPECT_EQ(group("(?<level>[a-z]+)", "warn"), "level=warn");
  EXPECT_EQ(group("(?P<level>[a-z]+)", "warn"), "level=warn");
  EXPECT_EQ(group(R"(\((?<x>.))", "(y"), "x=y");
  EXPECT_EQ(group("[(?<a>]+(?<x>.)", "(?<a>y"), "x=y");
  EXPECT_EQ(group(R"([]\](?<]+(?<x>y))", "](?<y"), "x=y");
  EXPECT_EQ(group(R"(\Q(?<no>\E(?<x>.))", "(?<no>y"), "x=y");
}

TEST(Regex, SaysWhatRe2DoesNotHave) {
  const auto error = [](std::string_view expression) {
    auto regex = Regex::Compile(expression);
    return regex ? "" : regex.error().message;
  };
  for (const char* expression : {"(?=x)", "(?!x)", "(?<=x)y", "(?<!x)y", R"((a)\1)", R"(\d++)"}) {
    EXPECT_THAT(error(expression),
                testing::HasSubstr("RE2 has no look-around, back references or possessive repeats"))
        << expression;
  }
  EXPECT_THAT(error(R"((?P<m>\p{L}{1,1000}))"), testing::HasSubstr("use smaller repeat counts"));
  EXPECT_EQ(error("("), "must be an RE2 regular expression: missing ): (");
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
