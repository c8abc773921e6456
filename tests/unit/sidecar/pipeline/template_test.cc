// SPDX-License-Identifier: Apache-2.0
#include "sidecar/pipeline/template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace telltale {
namespace {

using ::testing::HasSubstr;

// Value is "WARN", a is "x", empty is "".
std::string Rendered(std::string_view text) {
  auto compiled = Template::Compile(text);
  if (!compiled) return "error: " + compiled.error().message;
  std::string out;
  compiled->Render(
      [](std::string_view name, std::string_view& value) {
        value = name == "Value" ? "WARN" : name == "a" ? "x" : "";
        return name == "Value" || name == "a" || name == "empty";
      },
      out);
  return out;
}

TEST(Template, TextFieldsAndFunctions) {
  EXPECT_EQ(Rendered("plain } }} text"), "plain } }} text");
  EXPECT_EQ(Rendered("<{{ .Value }}{{.a}}>"), "<WARNx>");
  EXPECT_EQ(Rendered("{{ .Value | ToLower }}"), "warn");
  EXPECT_EQ(Rendered("{{ ToUpper .a | TrimSpace | ToLower }}"), "x");
  EXPECT_EQ(Rendered("{{ .none }}"), "<no value>");
  EXPECT_EQ(Rendered("{{ ToUpper (Replace .Value \"A\" \"}}\" -1) }}"), "W}}RN");
  EXPECT_EQ(Rendered("a {{- /* nothing */ -}} b"), "ab");
  EXPECT_EQ(Rendered("a  {{- .a -}}  b"), "axb");
}

TEST(Template, PromtailsFunctions) {
  EXPECT_EQ(Rendered("{{ Replace \"a.b.c\" \".\" \"-\" 1 }}"), "a-b.c");
  EXPECT_EQ(Rendered("{{ Replace \"a.b.c\" \".\" \"-\" -1 }}"), "a-b-c");
  EXPECT_EQ(Rendered("{{ Trim \"--a-b-\" \"-\" }}|{{ TrimLeft \"--a-\" \"-\" }}|"
                     "{{ TrimRight \"-a--\" \"-\" }}"),
            "a-b|a-|-a");
  EXPECT_EQ(Rendered("{{ TrimPrefix \"level=x\" \"level=\" }}{{ TrimSuffix \"1ms\" \"ms\" }}"),
            "x1");
  EXPECT_EQ(Rendered("<{{ TrimSpace \"  a b \" }}>"), "<a b>");
  EXPECT_EQ(Rendered("{{ regexReplaceAll \"(W)A\" .Value \"${1}_$1\" }}"), "W_WRN");
  EXPECT_EQ(Rendered("{{ regexReplaceAll `(?<l>[A-Z])` .Value `${l}.` }}"), "W.A.R.N.");
  EXPECT_EQ(Rendered("{{ regexReplaceAllLiteral `(W)A` .Value `$1` }}"), "$1RN");
  EXPECT_EQ(Rendered("{{ regexReplaceAll `x*` `abc` `-` }}"), "-a-b-c-");
}

TEST(Template, DigestsAreThoseOfPromtail) {
  // echo -n saltWARN | openssl dgst -sha256 and -sha3-256
  EXPECT_EQ(Rendered("{{ Sha2Hash \"salt\" .Value }}"),
            "1d6ce292f2e609fa7ea1ec268eaa47ad4d2f7da38c1ecac1d92df99a94676a24");
  EXPECT_EQ(Rendered("{{ Hash \"salt\" .Value }}"),
            "48cf0213f2f99bab07f6f861b2484522d20dfbbe51601ff173f67827d53e1996");
}

TEST(Template, ConditionsChoose) {
  const char* text =
      "{{ if eq .Value \"WARN\" }}{{ Replace .Value \"WARN\" \"OK\" -1 }}{{ else }}{{ .Value }}{{ "
      "end }}";
  EXPECT_EQ(Rendered(text), "OK");
  EXPECT_EQ(Rendered("{{ if eq .a \"y\" }}1{{ else if eq .a \"z\" \"x\" }}2{{ else }}3{{ end }}"),
            "2");
  EXPECT_EQ(Rendered("{{ if .empty }}1{{ else }}2{{ end }}{{ if .none }}3{{ end }}"), "2");
  EXPECT_EQ(Rendered("{{ if and .a (not .empty) }}yes{{ end }}"), "yes");
  EXPECT_EQ(Rendered("{{ if or .empty .none }}yes{{ else }}no{{ end }}"), "no");
  EXPECT_EQ(
      Rendered("{{ if contains \"AR\" .Value }}{{ if ne .a \"x\" }}1{{ else }}2{{ end }}{{ end }}"),
      "2");
  EXPECT_EQ(
      Rendered(
          "{{ .none | default \"unknown\" }} {{ default \"d\" .empty }} {{ default \"d\" .a }}"),
      "unknown d x");
  EXPECT_EQ(
      Rendered(
          "{{ if hasPrefix \"WA\" .Value }}p{{ end }}{{ if hasSuffix \"WA\" .Value }}s{{ end }}"),
      "p");
}

TEST(Template, SprigsFunctionsOnText) {
  EXPECT_EQ(Rendered("{{ .Value | lower | trunc 2 }}{{ trunc -2 .Value }}"), "waRN");
  EXPECT_EQ(Rendered("{{ .Value | replace \"A\" \"-\" | trimPrefix \"W\" | trimSuffix \"N\" }}"),
            "-R");
  EXPECT_EQ(Rendered("{{ b64enc .Value }}{{ b64dec \"eA==\" }}"), "V0FSTg==x");
}

TEST(Template, WhatIsWrongIsSaid) {
  EXPECT_THAT(Rendered("{{ .Value"), HasSubstr("error: has a {{ without its }}"));
  EXPECT_THAT(Rendered("{{ printf \"%d\" .a }}"),
              HasSubstr("\"{{printf \"%d\" .a}}\" is not supported: write {{ .Value }}"));
  EXPECT_THAT(Rendered("{{ range .a }}{{ end }}"), HasSubstr("is not supported"));
  EXPECT_THAT(Rendered("{{ $x := .a }}"), HasSubstr("is not supported"));
  EXPECT_THAT(Rendered("{{ . }}"), HasSubstr("is not supported"));
  EXPECT_THAT(Rendered("{{ }}"), HasSubstr("is not supported"));
  EXPECT_THAT(Rendered("{{ .a | .Value }}"), HasSubstr("is not supported"));
  EXPECT_THAT(Rendered("{{ Value }}"), HasSubstr("is not supported"));
  EXPECT_THAT(Rendered("{{ if .a }}"), HasSubstr("has an {{ if }} without its {{ end }}"));
  EXPECT_THAT(Rendered("{{ end }}"), HasSubstr("has {{end}} without an {{ if }}"));
  EXPECT_THAT(Rendered("{{ if .a }}{{ else }}{{ else }}{{ end }}"),
              HasSubstr("behind an {{ else }}"));
  EXPECT_THAT(Rendered("{{ Replace .a \"x\" }}"),
              HasSubstr("Replace takes 4 arguments, but has 2"));
  EXPECT_THAT(Rendered("{{ ToLower | ToUpper }}"),
              HasSubstr("ToLower takes 1 arguments, but has 0"));
  EXPECT_THAT(Rendered("{{ regexReplaceAll .a .Value \"\" }}"),
              HasSubstr("needs its expression in quotes"));
  EXPECT_THAT(Rendered("{{ regexReplaceAll \"(\" .Value \"\" }}"),
              HasSubstr("regexReplaceAll: must be an RE2"));
  EXPECT_THAT(Rendered("{{ Trim .a \"x }}"), HasSubstr("has a {{ without its }}"));
  EXPECT_THAT(Rendered("{{ Trim .a \"\\q\" }}"), HasSubstr("unknown escape"));
}

}  // namespace
}  // namespace telltale
