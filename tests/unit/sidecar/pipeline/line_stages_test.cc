// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "sidecar/pipeline/ansi.h"
#include "tests/unit/sidecar/pipeline/stage_runner.h"

namespace telltale {
namespace {

std::string WithoutAnsi(std::string_view text) {
  std::string out;
  AppendWithoutAnsi(text, out);
  return out;
}

TEST(OutputStage, AValueBecomesTheLine) {
  StageRunner runner({{JsonSpec{{{"msg", ""}, {"n", ""}}, "", false}, OutputSpec{"msg"}}});
  EXPECT_EQ(runner.Line(R"({"msg":"hello \"you\"","n":1})"), "hello \"you\"");
  EXPECT_EQ(runner.Line(R"({"msg":7})"), "7");
  EXPECT_EQ(runner.Line(R"({"msg":""})"), "");
  EXPECT_EQ(runner.FailuresText(), "");
  EXPECT_EQ(runner.Line(R"({"n":1})"), R"({"n":1})");
  EXPECT_EQ(runner.Line(R"({"msg":null})"), R"({"msg":null})");
  EXPECT_EQ(runner.FailuresText(), R"(output no_value 2 ({"n":1}))");
  EXPECT_EQ(CompileError({{OutputSpec{}}}), "[0].output: needs a source: the name of a value");
}

TEST(OutputStage, LaterStagesSeeTheNewLine) {
  StageRunner runner({{LogfmtSpec{{{"msg", ""}}, ""}, OutputSpec{"msg"},
                       RegexSpec{"^user (?P<who>\\w+)$", ""}, LabelsSpec{{{"who", ""}}}}});
  EXPECT_EQ(runner.Line(R"(level=info msg="user eve")"), "user eve");
  EXPECT_EQ(runner.LabelsText(), "app=shop who=eve");
}

TEST(OutputStage, ANulThatWasEscapedInJsonDoesNotReachLoki) {
  StageRunner runner({{JsonSpec{{{"msg", ""}}, "", false}, OutputSpec{"msg"}}});
  EXPECT_EQ(runner.Line(R"({"msg":"a\u0000b"})"),
            "a\xef\xbf\xbd"
            "b");
}

TEST(TemplateStage, SetsAValue) {
  StageRunner runner(
      {{LogfmtSpec{{{"level", ""}, {"app", ""}}, ""}, TemplateSpec{"level", "{{ ToLower .Value }}"},
        TemplateSpec{"both", "{{ .app }}-{{ .level }}"}, TemplateSpec{"length", "<{{ .Entry }}>"},
        LabelsSpec{{{"level", ""}, {"both", ""}, {"length", ""}}}}});
  runner.Line("level=WARN app=x");
  EXPECT_EQ(runner.LabelsText(), "app=shop both=x-warn length=<level=WARN app=x> level=warn");
}

TEST(TemplateStage, AnEmptyResultRemovesTheValue) {
  StageRunner runner({{LogfmtSpec{{{"v", ""}}, ""},
                       TemplateSpec{"v", "{{ if ne .Value \"-\" }}{{ .Value }}{{ end }}"},
                       LabelsSpec{{{"v", ""}}}}});
  runner.Line("v=-");
  EXPECT_EQ(runner.LabelsText(), "app=shop");
  runner.Line("v=x");
  EXPECT_EQ(runner.LabelsText(), "app=shop v=x");
}

TEST(TemplateStage, PrintingAFieldWithoutAValueIsAFailure) {
  StageRunner runner({{LogfmtSpec{{{"v", ""}}, ""}, TemplateSpec{"v", "{{ .Value }}/{{ .gone }}"},
                       LabelsSpec{{{"v", ""}}}}});
  runner.Line("v=x");
  EXPECT_EQ(runner.LabelsText(), "app=shop v=x/<no value>");
  EXPECT_EQ(runner.FailuresText(), "template no_value 1 (v=x)");
}

TEST(TemplateStage, WhatIsMissingIsSaid) {
  EXPECT_EQ(CompileError({{TemplateSpec{"", "x"}}}),
            "[0].template: needs a source: the name of the value that it sets");
  EXPECT_THAT(CompileError({{TemplateSpec{"a", ""}}}), testing::HasSubstr("needs a template such"));
  EXPECT_THAT(CompileError({{TemplateSpec{"a", "{{ .Value"}}}),
              testing::HasSubstr("template: has a {{ without its }}"));
}

TEST(DecolorizeStage, TakesTheColoursOutOfALine) {
  StageRunner runner(
      {{DecolorizeSpec{}, RegexSpec{"^(?P<level>[A-Z]+)", ""}, LabelsSpec{{{"level", ""}}}}});
  EXPECT_EQ(runner.Line("\x1b[1;31mERROR\x1b[0m boom"), "ERROR boom");
  EXPECT_EQ(runner.LabelsText(), "app=shop level=ERROR");
  EXPECT_EQ(runner.Line("plain"), "plain");
}

TEST(DecolorizeStage, KnowsAllKindsOfEscapeSequences) {
  EXPECT_EQ(WithoutAnsi("\x1b[38;2;1;2;3mx\x1b[m"), "x");
  EXPECT_EQ(WithoutAnsi("a\x1b[2Kb\x1b[1Ac"), "abc");
  EXPECT_EQ(WithoutAnsi("\x1b]0;title\aa\x1b]8;;http://x\x1b\\b"), "ab");
  EXPECT_EQ(WithoutAnsi("\x1b(Ba\x1b"
                        "7b\x1b[?25lc"),
            "abc");
  EXPECT_EQ(WithoutAnsi("\xc2\x9b"
                        "31mred"),
            "red");
  EXPECT_EQ(WithoutAnsi("\xc3\x9b and \xc2\xa9"), "\xc3\x9b and \xc2\xa9");
  EXPECT_EQ(WithoutAnsi("cut\x1b["), "cut");
  EXPECT_EQ(WithoutAnsi("cut\x1b"), "cut");
  EXPECT_EQ(WithoutAnsi("\x1b[\xc3\xa4"), "\xc3\xa4");
}

}  // namespace
}  // namespace telltale
