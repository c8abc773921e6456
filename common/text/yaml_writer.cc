// SPDX-License-Identifier: Apache-2.0
//
// The fence of yaml-cpp's emitter: the only file of ours that includes it.
#include "common/text/yaml_writer.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/check.h"
#include "common/base/strings.h"
#include "common/text/yaml_text.h"

namespace telltale {
namespace {

// Words that readers of YAML 1.1 take for a boolean or nothing, also as a key.
constexpr std::array<std::string_view, 9> kWords{"true", "false", "yes", "no",  "on",
                                                 "off",  "y",     "n",   "null"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool IsPlainKey(std::string_view key) {
  if (key.empty() || !IsLetter(key[0])) return false;
  std::string lower;
  for (const char c : key) {
    if (!IsLetter(c) && !(c >= '0' && c <= '9') && c != '-') return false;
    lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

std::string Valid(std::string_view text) {
  std::string out;
  AppendValidUtf8(text, out);
  return out;
}

}  // namespace

struct YamlWriter::Impl {
  YAML::Emitter emitter;
};

YamlWriter::YamlWriter() : impl_(std::make_unique<Impl>()) {}
YamlWriter::~YamlWriter() = default;

YamlWriter& YamlWriter::BeginMap() {
  impl_->emitter << YAML::BeginMap;
  return *this;
}

YamlWriter& YamlWriter::EndMap() {
  impl_->emitter << YAML::EndMap;
  return *this;
}

YamlWriter& YamlWriter::BeginSeq() {
  impl_->emitter << YAML::BeginSeq;
  return *this;
}

YamlWriter& YamlWriter::EndSeq() {
  impl_->emitter << YAML::EndSeq;
  return *this;
}

YamlWriter& YamlWriter::Key(std::string_view key) {
  impl_->emitter << YAML::Key;
  if (!IsPlainKey(key)) impl_->emitter << YAML::DoubleQuoted;
  impl_->emitter << Valid(key) << YAML::Value;
  return *this;
}

YamlWriter& YamlWriter::String(std::string_view value) {
  impl_->emitter << YAML::DoubleQuoted << Valid(value);
  return *this;
}

YamlWriter& YamlWriter::Int(std::int64_t value) {
  // As a plain scalar of our own digits: the emitter would go through a stream and its locale.
  impl_->emitter << std::to_string(value);
  return *this;
}

YamlWriter& YamlWriter::Number(std::string_view text) {
  impl_->emitter << std::string(text);
  return *this;
}

YamlWriter& YamlWriter::Bool(bool value) {
  impl_->emitter << value;
  return *this;
}

YamlWriter& YamlWriter::Anchor(std::string_view name) {
  impl_->emitter << YAML::Anchor(std::string(name));
  return *this;
}

YamlWriter& YamlWriter::Alias(std::string_view name) {
  impl_->emitter << YAML::Alias(std::string(name));
  return *this;
}

std::string YamlWriter::Text() const {
  TELLTALE_CHECK(impl_->emitter.good());  // Begin and End, Key and value in an order of our own
  std::string text(impl_->emitter.c_str(), impl_->emitter.size());
  if (text.empty() || text.back() != '\n') text += '\n';
  return EscapedForYaml(std::move(text));
}

}  // namespace telltale
