// SPDX-License-Identifier: Apache-2.0
#include "common/text/yaml_reader.h"

#include <gtest/gtest.h>

namespace telltale {
namespace {

using Kind = YamlNode::Kind;

std::string Show(const YamlNode& node) {
  std::string out;
  switch (node.kind) {
    case Kind::kNull:
      return "~";
    case Kind::kScalar:
      return node.quoted ? "'" + node.scalar + "'" : node.scalar;
    case Kind::kSequence:
      for (const YamlNode& item : node.items) out += (out.empty() ? "" : ",") + Show(item);
      return "[" + out + "]";
    case Kind::kMap:
      for (const auto& [key, value] : node.fields) {
        out += (out.empty() ? "" : ",") + key + "=" + Show(value);
      }
      return "{" + out + "}";
  }
  return out;
}

std::string Read(std::string_view text) {
  const auto node = ParseYaml(text);
  return node.ok() ? Show(*node) : node.error().message;
}

TEST(YamlReader, ReadsMapsSequencesAndScalarsInDocumentOrder) {
  EXPECT_EQ(Read("b: 1\na:\n  - x\n  - {k: v}\n  -\n    - 2\nc: {}\nd: []\n"),
            "{b=1,a=[x,{k=v},[2]],c={},d=[]}");
}

TEST(YamlReader, KnowsWhetherAScalarWasQuoted) {
  EXPECT_EQ(Read("[10s, \"10s\", '10s', true, \"true\", !!str 1]"),
            "[10s,'10s','10s',true,'true','1']");
  EXPECT_EQ(Read("a: |\n  two\n  lines\nb: >\n  one\n  line\n"),
            "{a='two\nlines\n',b='one line\n'}");
}

TEST(YamlReader, TakesNothingTildeAndNullForNull) {
  EXPECT_EQ(Read("a:\nb: ~\nc: null\nd: ''\ne: \"null\"\n"), "{a=~,b=~,c=~,d='',e='null'}");
  EXPECT_EQ(Read(""), "~");
  EXPECT_EQ(Read("# only a comment\n"), "~");
  EXPECT_EQ(Read("---\n"), "~");
}

TEST(YamlReader, ReadsJson) {
  EXPECT_EQ(Read("{\"version\":1,\"logs\":[{\"files\":{\"include\":[\"/a/*.log\"]}}],\"x\":null}"),
            "{version=1,logs=[{files={include=['/a/*.log']}}],x=~}");
  EXPECT_EQ(Read("{\n\t\"a\": \"\\u0001\\n\\\"\\\\\",\n\t\"b\": [\n\t\ttrue\n\t]\n}\n"),
            "{a='\x01\n\"\\',b=[true]}");
}

TEST(YamlReader, RemembersLines) {
  const auto node = ParseYaml("a: 1\n\nb:\n  c: 2\n  d:\n    - 3\n");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->Find("a")->line, 1);
  EXPECT_EQ(node->Find("b")->Find("c")->line, 4);
  EXPECT_EQ(node->Find("b")->Find("d")->items[0].line, 6);
  EXPECT_EQ(node->Find("z"), nullptr);
}

TEST(YamlReader, RefusesAKeyThatIsGivenTwice) {
  EXPECT_EQ(Read("a: 1\nb: 2\na: 3\n"), "line 3: the key \"a\" is given twice, first in line 1");
  EXPECT_EQ(Read("x: {a: 1, \"a\": 2}"), "line 1: the key \"a\" is given twice, first in line 1");
  EXPECT_EQ(Read("x: {a: 1}\ny: {a: 1}\n"), "{x={a=1},y={a=1}}");
}

TEST(YamlReader, RefusesAnchorsAndAliasesWithoutExpandingThem) {
  EXPECT_EQ(Read("a: 1\nb: &x 2\n"),
            "line 2: anchors (&name) are not supported; write the value out, or put the text in "
            "quotes");
  EXPECT_EQ(Read("b: &x [1]\n"),
            "line 1: anchors (&name) are not supported; write the value out, or put the text in "
            "quotes");
  EXPECT_EQ(Read("b: &x {c: *x}\n"),
            "line 1: anchors (&name) are not supported; write the value out, or put the text in "
            "quotes");
  EXPECT_FALSE(ParseYaml("a: *x\n").ok());
}

TEST(YamlReader, RefusesWhatAConfigurationNeverMeans) {
  EXPECT_EQ(Read("a: !secret x\n"),
            "line 1: the tag !secret is not supported; leave it out, or put the text in quotes");
  EXPECT_EQ(Read("a: 1\n---\nb: 2\n"), "line 3: a second document begins here; only one is read");
  EXPECT_EQ(Read("? [a]\n: 1\n"), "line 1: a key is a list or a map; it must be text");
  EXPECT_EQ(Read("~: 1\n"), "line 1: a key is empty or null; write it in quotes");
}

TEST(YamlReader, SaysTheLineOfASyntaxError) {
  const auto node = ParseYaml("a: 1\nb: [1, 2\nc: 3\n");
  ASSERT_FALSE(node.ok());
  EXPECT_EQ(node.error().message.substr(0, 5), "line ");
  EXPECT_EQ(node.error().code, Code::kInvalid);
  for (const std::string_view bad : {"a: 1\n b: 2\n", "a: \"x", "{", "]", "\ta: 1", "a: b: c",
                                     "- a\nb: 1", "%YAML 9", "a: 'x", "a: @b", "!!", "&", "*"}) {
    EXPECT_FALSE(ParseYaml(bad).ok()) << bad << " gave " << Read(bad);
  }
}

TEST(YamlReader, RefusesBytesThatYamlCppWouldTakeForTheEndOrPassOn) {
  EXPECT_EQ(Read("a: 1\nb: \x04\nc: 3\n"), "line 2: there is a control character, 0x04");
  EXPECT_EQ(Read(std::string_view("a: \0", 4)), "line 1: there is a control character, 0x00");
  EXPECT_EQ(Read("a: 1\nb: \"\xFF\"\n"), "line 2: the text is not UTF-8");
  EXPECT_EQ(Read("a: gr\xC3\xBCn\n"), "{a=gr\xC3\xBCn}");
}

TEST(YamlReader, HoldsItsLimits) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(ParseYaml(nested(32)).ok());
  EXPECT_EQ(ParseYaml(nested(33)).error().code, Code::kTooLarge);
  EXPECT_FALSE(ParseYaml(std::string(100'000, '[')).ok());
  EXPECT_EQ(ParseYaml(std::string((1u << 20) + 1, ' ')).error().code, Code::kTooLarge);
  std::string many = "[";
  for (int i = 0; i < 100'001; ++i) many += "1,";
  EXPECT_EQ(ParseYaml(many + "]").error().code, Code::kTooLarge);
}

TEST(YamlReader, SurvivesAConfigurationThatIsCutOrBentAnywhere) {
  constexpr std::string_view kConfig =
      "version: 1\nlabels: {app: shop}\nlogs:\n  - files:\n      include: [\"/a/*.log\"]\n"
      "    format: cri\nloki:\n  url: http://127.0.0.1:3100\n  batchWait: 1s # fast\n";
  ASSERT_TRUE(ParseYaml(kConfig).ok());
  for (std::size_t at = 0; at < kConfig.size(); ++at) {
    (void)ParseYaml(kConfig.substr(0, at));
    for (const char c : std::string_view("{}[]:,-#&*!|>'\"%@`\n\t ?")) {
      std::string bent(kConfig);
      bent[at] = c;
      (void)ParseYaml(bent);
    }
  }
}

}  // namespace
}  // namespace telltale
