// SPDX-License-Identifier: Apache-2.0
//
// Configuration files of people. The same bytes as a value must come through writer and reader
// unchanged, whatever characters they have.
#include <string>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "common/text/yaml_reader.h"
#include "common/text/yaml_writer.h"
#include "tests/fuzz/fuzz_target.h"

namespace telltale {
namespace {

void CheckTree(const YamlNode& node) {
  TELLTALE_CHECK(node.kind == YamlNode::Kind::kSequence || node.items.empty());
  TELLTALE_CHECK(node.kind == YamlNode::Kind::kMap || node.fields.empty());
  TELLTALE_CHECK(node.kind == YamlNode::Kind::kScalar || node.scalar.empty());
  for (const YamlNode& item : node.items) CheckTree(item);
  for (const auto& [key, value] : node.fields) {
    TELLTALE_CHECK(node.Find(key) == &value);
    CheckTree(value);
  }
}

// yaml-cpp writes U+FFFD for what Unicode keeps for nobody: U+FDD0 to U+FDEF and the last two of
// each plane.
std::string WithoutNoncharacters(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t length = byte(0) < 0x80 ? 1 : byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    const bool plane_end = (length == 4 && (byte(1) & 15) == 15 && byte(2) == 0xbf) ||
                           (length == 3 && byte(0) == 0xef && byte(1) == 0xbf);
    const bool is_none =
        (plane_end && byte(length - 1) >= 0xbe) ||
        (length == 3 && byte(0) == 0xef && byte(1) == 0xb7 && byte(2) >= 0x90 && byte(2) <= 0xaf);
    out.append(is_none ? "\xef\xbf\xbd" : text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

void FuzzOne(std::string_view text) {
  const auto tree = ParseYaml(text);
  if (tree.ok()) {
    CheckTree(*tree);
  } else {
    TELLTALE_CHECK(!tree.error().message.empty() && tree.error().code != Code::kInternal);
  }
  std::string value;
  AppendValidUtf8(text, value);
  YamlWriter writer;
  writer.BeginMap().Key("k").BeginSeq().String(value).EndSeq().EndMap();
  const auto again = ParseYaml(writer.Text());
  TELLTALE_CHECK(again.ok());
  TELLTALE_CHECK(again->Find("k")->items.at(0).scalar == WithoutNoncharacters(value));
}

}  // namespace telltale
