// SPDX-License-Identifier: Apache-2.0
#include "common/text/yaml_writer.h"

#include <gtest/gtest.h>

#include "common/text/yaml_reader.h"

namespace telltale {
namespace {

TEST(YamlWriter, WritesNestedMapsAndSequences) {
  YamlWriter w;
  w.BeginMap().Key("server").BeginMap().Key("port").Int(9080).Key("on").Bool(true).EndMap();
  w.Key("jobs").BeginSeq().BeginMap().Field("name", "a").Key("list").BeginSeq();
  w.String("x").Int(-1).EndSeq().EndMap().EndSeq();
  w.Key("none").BeginMap().EndMap().Key("empty").BeginSeq().EndSeq().EndMap();
  EXPECT_EQ(w.Text(),
            "server:\n  port: 9080\n  \"on\": true\njobs:\n  - name: \"a\"\n    list:\n"
            "      - \"x\"\n      - -1\nnone:\n  {}\nempty:\n  []\n");
}

TEST(YamlWriter, QuotesEveryStringSoThatNoneChangesItsType) {
  for (const std::string_view tricky : {"true",
                                        "yes",
                                        "no",
                                        "on",
                                        "off",
                                        "null",
                                        "~",
                                        "",
                                        "1",
                                        "1.10",
                                        "0x1F",
                                        "010",
                                        "1e3",
                                        "2024-01-01",
                                        "12:30:45",
                                        "<<",
                                        "- a",
                                        "a: b",
                                        "# c",
                                        "{{ .x }}",
                                        "*a",
                                        "&a",
                                        "!t",
                                        "%d",
                                        "@x",
                                        "`",
                                        "a\nb",
                                        "tab\there",
                                        " lead",
                                        "trail ",
                                        "\"q\"",
                                        "\\d+",
                                        "'",
                                        "\x01\x7f",
                                        "gr\xC3\xBC\xC3\x9F",
                                        "\xF0\x9F\x98\x80"}) {
    YamlWriter w;
    w.BeginMap().Field("key", tricky).EndMap();
    const std::string text = w.Text();
    EXPECT_EQ(text.substr(0, 6), "key: \"") << text;
    const auto back = ParseYaml(text);
    ASSERT_TRUE(back.ok()) << text << back.error().message;
    EXPECT_EQ(back->Find("key")->scalar, tricky);
    EXPECT_TRUE(back->Find("key")->quoted);
  }
}

TEST(YamlWriter, QuotesKeysThatAreNotPlainNames) {
  for (const std::string_view key : {"on", "Yes", "null", "1a", "a.b/c", "a b", "", "-", "x:"}) {
    YamlWriter w;
    w.BeginMap().Field(key, "v").EndMap();
    EXPECT_EQ(w.Text(), "\"" + std::string(key) + "\": \"v\"\n");
  }
  YamlWriter plain;
  plain.BeginMap().Field("__path__", "v").Field("a-b1", "w").EndMap();
  EXPECT_EQ(plain.Text(), "__path__: \"v\"\na-b1: \"w\"\n");
}

TEST(YamlWriter, ReplacesBytesThatAreNotUtf8) {
  YamlWriter w;
  w.BeginMap().Field("k", "a\xFFz").EndMap();
  EXPECT_EQ(ParseYaml(w.Text())->Find("k")->scalar, "a\xEF\xBF\xBDz");
}

TEST(YamlWriter, WritesNoCharacterThatYamlDoesNotAllowOrTakesForALineBreak) {
  const std::string text = "a\x7f\xc2\x85\xe2\x80\xa8 \xe2\x80\xa9\xef\xbb\xbfz";
  YamlWriter w;
  w.BeginMap().Field("k", text).Field(text, "v").EndMap();
  const std::string yaml = w.Text();
  for (const char* bytes : {"\x7f", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"}) {
    EXPECT_EQ(yaml.find(bytes), yaml.npos) << yaml;
  }
  EXPECT_EQ(ParseYaml(yaml)->Find("k")->scalar, text);
  EXPECT_EQ(ParseYaml(yaml)->Find(text)->scalar, "v");
}

TEST(YamlWriterDeathTest, EndsTheProcessWhenBeginAndEndDoNotMatch) {
  YamlWriter w;
  w.BeginMap().EndSeq();
  EXPECT_DEATH((void)w.Text(), "bug in Telltale");
}

}  // namespace
}  // namespace telltale
