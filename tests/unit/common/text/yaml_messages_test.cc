// SPDX-License-Identifier: Apache-2.0
//
// What a person reads who made a mistake in YAML: the line of the mistake and what to change.
#include <gtest/gtest.h>

#include "common/text/yaml_reader.h"

namespace telltale {
namespace {

std::string Message(std::string_view text) {
  const auto node = ParseYaml(text, "f.yaml");
  return node.ok() ? "no problem" : node.error().message;
}

struct Mistake {
  std::string_view text, message;
};

void Expect(std::initializer_list<Mistake> mistakes) {
  for (const Mistake& mistake : mistakes) {
    EXPECT_EQ(Message(mistake.text), mistake.message) << mistake.text;
    // The same in a file of Windows and in one with a byte order mark.
    std::string windows;
    for (const char c : mistake.text) windows.append(c == '\n' ? "\r\n" : std::string(1, c));
    EXPECT_EQ(Message(windows), mistake.message) << "with CR LF: " << mistake.text;
    EXPECT_EQ(Message("\xEF\xBB\xBF" + std::string(mistake.text)), mistake.message)
        << "with a byte order mark: " << mistake.text;
  }
}

TEST(YamlMessages, TabsAndOtherWhiteSpaceAsIndentation) {
  Expect({
      {"a:\n\tb: 1\n", "f.yaml:2: a tab at the start of the line: indent with spaces"},
      {"a: 1\n\tb: 2\n", "f.yaml:2: a tab at the start of the line: indent with spaces"},
      {"a:\n  \tb: 1\n", "f.yaml:2: a tab at the start of the line: indent with spaces"},
      {"a:\n  b: |\n\tx\n", "f.yaml:3: a tab at the start of the line: indent with spaces"},
      {"a:\n- \tb: 1\n", "f.yaml:2: a tab after \"-\": use a space"},
      {"a:\n  b: 1\n\xC2\xA0\xC2\xA0"
       "c: 2\n  d: 3\n e: 4\n",
       "f.yaml:3: a no-break space at the start of the line: indent with plain spaces"},
      {"a:\n  b: 1\n\xC2\xA0 c: 2\n     d: 3\n",
       "f.yaml:3: a no-break space at the start of the line: indent with plain spaces"},
  });
  EXPECT_EQ(Message("a: {b: 1,\n\tc: 2}\n"), "no problem");  // between brackets tabs are allowed
  EXPECT_EQ(Message("{\n\t\"a\": 1,\n\t\"b\" 2\n}\n"),
            "f.yaml:3: a comma or the closing \"}\" is missing; the \"{\" is in line 1");
  EXPECT_EQ(Message("a:\tb\n"), "no problem");
}

TEST(YamlMessages, PatternsThatNeedQuotes) {
  Expect({
      {"a:\n  - *.log\n",
       "f.yaml:2: \"*\" begins an alias in YAML: put the pattern in quotes, \"*.log\""},
      {"a: *.log\n",
       "f.yaml:1: \"*\" begins an alias in YAML: put the pattern in quotes, \"*.log\""},
      {"b: 1\na: [x, *.log, y]\n",
       "f.yaml:2: \"*\" begins an alias in YAML: put the pattern in quotes, \"*.log\""},
      {"a: **/x.log\n",
       "f.yaml:1: \"*\" begins an alias in YAML: put the pattern in quotes, \"**/x.log\""},
      {"a: *\n", "f.yaml:1: \"*\" begins an alias in YAML: put the pattern in quotes, \"*\""},
      {"a: @b\n", "f.yaml:1: a text must not begin with \"@\": put it in quotes"},
      {"a: `b`\n", "f.yaml:1: a text must not begin with \"`\": put it in quotes"},
      {"a: %b\n", "f.yaml:1: a text must not begin with \"%\": put it in quotes"},
      {"a: !b c\n",
       "f.yaml:1: the tag !b is not supported; leave it out, or put the text in quotes"},
      {"a: !!\n", "f.yaml:1: \"!\" begins a tag in YAML: put the text in quotes"},
      {"a: &b c\n",
       "f.yaml:1: anchors (&name) are not supported; write the value out, or put the text in "
       "quotes"},
  });
}

TEST(YamlMessages, BackslashesAndQuotes) {
  Expect({
      {"a: \"(?P<d>\\d+)\"\n",
       "f.yaml:1: \"\\d\" is no escape in double quotes: use single quotes, or write \"\\\\d\""},
      {"a: 1\nb: \"\\.log$\"\n",
       "f.yaml:2: \"\\.\" is no escape in double quotes: use single quotes, or write \"\\\\.\""},
      {"a: \"\\u12\"\n",
       "f.yaml:1: \\x, \\u and \\U in double quotes need 2, 4 and 8 hexadecimal digits: use single "
       "quotes for a text with backslashes"},
      {"a: 'it's'\n",
       "f.yaml:1: there is text after the closing quote: a ' in single quotes is written ''"},
      {"a: \"x\" y\n",
       "f.yaml:1: there is text after the closing quote: a \" in double quotes is written \\\""},
      {"a: 'x\nb: 1\n", "f.yaml:1: the quote that begins here is not closed"},
      {"b: 1\na: \"x\nb: 1\n", "f.yaml:2: the quote that begins here is not closed"},
  });
  EXPECT_EQ(Message("a: 'it''s'\nb: \"x\\\"\"\nc: '''\"'\n"), "no problem");
  EXPECT_EQ(Message("a: |\n  it's \"\n"), "no problem");
}

TEST(YamlMessages, Colons) {
  Expect({
      {"loki:\n  url:http://l:1\n  tenant: x\n",
       "f.yaml:2: a space is missing after the colon of \"url\""},
      {"a: 1\nb:2\nc:3\nd: 4\n", "f.yaml:2: a space is missing after the colon of \"b\""},
      {"logs:\n- path:/var/log\n  format: cri\n",
       "f.yaml:2: a space is missing after the colon of \"path\""},
      {"msg: a: b\n",
       "f.yaml:1: the value of \"msg\" has a colon and a space in it: put the value in quotes"},
      {"x:\n- msg: a: b\n",
       "f.yaml:2: the value of \"msg\" has a colon and a space in it: put the value in quotes"},
      {"// comment\nversion: 1\n", "f.yaml:1: a comment begins with \"#\", not with \"//\""},
      {"a: 1\n// comment\nversion: 1\n", "f.yaml:2: a comment begins with \"#\", not with \"//\""},
      {"a: 1\nb\nc: 2\n", "f.yaml:2: a colon is missing after \"b\""},
      {"a: 1\n\n# about c\nb\n\nc: 2\n", "f.yaml:4: a colon is missing after \"b\""},
      {"urls:\n- http://x\n  b: c\n",
       "f.yaml:3: \"b\" is indented as a part of the list item above it, \"http://x\", which is a "
       "text"},
  });
}

TEST(YamlMessages, Indentation) {
  Expect({
      {"loki:\n  url: x\n tenant: a\n",
       "f.yaml:3: \"tenant\" is indented differently from the keys above it"},
      {"loki:\n  url: x\n   tenant: a\n",
       "f.yaml:3: \"tenant\" is indented deeper than the key above it, \"url\", which has a value "
       "already"},
      {"a: 1\n b: 2\n",
       "f.yaml:2: \"b\" is indented deeper than the key above it, \"a\", which has a value "
       "already"},
      {"logs:\n- files: x\n  - files: y\n",
       "f.yaml:3: the list item is indented differently from the lines above it"},
      {"logs:\n - a: 1\n- b: 2\n",
       "f.yaml:3: the list item is indented differently from the lines above it"},
      {"b: 1\n- a\n", "f.yaml:2: the list item is indented differently from the lines above it"},
      {"- a\nb: 1\n",
       "f.yaml:2: this line does not continue the list above it: indent it, or begin it with "
       "\"- \""},
      {"a: - b\n",
       "f.yaml:1: a list item (\"- \") must begin on a line of its own, or stand in [brackets]"},
      {"a: |x\n b\n", "f.yaml:1: after \"|\" or \">\" the text begins in the next line"},
  });
}

TEST(YamlMessages, Brackets) {
  Expect({
      {"a: [1, 2\nb: 3\n",
       "f.yaml:2: a comma or the closing \"]\" is missing; the \"[\" is in line 1"},
      {"a: {b: 1 c: 2}\n", "f.yaml:1: a comma or the closing \"}\" is missing"},
      {"a: {b: 1\nc: 2\n",
       "f.yaml:2: a comma or the closing \"}\" is missing; the \"{\" is in line 1"},
      {"{\"a\": 1 \"b\": 2}", "f.yaml:1: a comma or the closing \"}\" is missing"},
      {"a: [/x/${APP}/*.log]\n",
       "f.yaml:1: \"{\" begins a map between brackets in YAML: put the text in quotes"},
      {"a: {b: x/{c,d}.log}\n",
       "f.yaml:1: \"{\" begins a map between brackets in YAML: put the text in quotes"},
      {"a: [/x/[ab].log]\n",
       "f.yaml:1: \"[\" begins a list between brackets in YAML: put the text in quotes"},
      {"{\"a\":1", "f.yaml:1: the \"{\" is not closed"},
      {"{\"a\":1}}", "f.yaml:1: there is a \"}\" too many"},
      {"a: [x, y]]\n", "f.yaml:1: there is a \"]\" too many"},
  });
}

TEST(YamlMessages, WhatYamlHasAndAConfigurationHasNot) {
  Expect({
      {"labels: {<<: {a: b}}\n",
       "f.yaml:1: merge keys (<<) are not supported; write the values out"},
      {"labels:\n  <<: [x]\n", "f.yaml:2: merge keys (<<) are not supported; write the values out"},
      {"a: 1\nb:\n  c: 2\na: 3\n", "f.yaml:4: the key \"a\" is given twice, first in line 1"},
      {"b:\n  - c: 2\n    d:\n     - 1\n    d: 2\n",
       "f.yaml:5: the key \"d\" is given twice, first in line 3"},
      {"a: 1\n---\nb: 2\n", "f.yaml:3: a second document begins here; only one is read"},
      {"a: 1\n...\nb: 2\n", "f.yaml:3: a second document begins here; only one is read"},
      {"{\"a\":1}\n{\"b\":2}\n", "f.yaml:2: a second document begins here; only one is read"},
  });
  EXPECT_EQ(Message("'<<': 1\n"), "no problem");
}

TEST(YamlMessages, FilesThatAreNoText) {
  EXPECT_EQ(Message(std::string_view("\xFF\xFE"
                                     "a\0:\0",
                                     6)),
            "f.yaml:1: the text is UTF-16: save it as UTF-8");
  EXPECT_EQ(Message("a: 1\nb: \xE4\n"), "f.yaml:2: the text is not UTF-8");
  EXPECT_EQ(Message("a: 1\nb: \x1B[1m\n"), "f.yaml:2: there is a control character, 0x1b");
  EXPECT_EQ(Message(std::string((1u << 20) + 1, ' ')),
            "f.yaml: it has 1048577 bytes, more than the allowed 1048576");
}

}  // namespace
}  // namespace telltale
