// SPDX-License-Identifier: Apache-2.0
//
// Emits YAML for programs that read only YAML (Promtail). Every string is double-quoted, because
// an unquoted 1.10, true or 2024-01-01 changes its type in the reader (yaml-cpp issue 1362);
// numbers and booleans go through typed calls. Pure output; thread-compatible. The implementation
// is the fence of yaml-cpp's emitter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace telltale {

class YamlWriter {
 public:
  YamlWriter();
  ~YamlWriter();
  YamlWriter& BeginMap();
  YamlWriter& EndMap();
  YamlWriter& BeginSeq();
  YamlWriter& EndSeq();
  // Plain when it is [a-zA-Z_][a-zA-Z0-9_-]* and no word such as "on" or "null"; else quoted.
  YamlWriter& Key(std::string_view key);
  YamlWriter& String(std::string_view value);
  YamlWriter& Int(std::int64_t value);
  // A number as its text has it.
  YamlWriter& Number(std::string_view text);
  YamlWriter& Bool(bool value);
  // Names the map that begins next; an alias stands for the whole of it later in the document. Only
  // for readers that know both: our own does not.
  YamlWriter& Anchor(std::string_view name);
  YamlWriter& Alias(std::string_view name);
  YamlWriter& Field(std::string_view key, std::string_view value) { return Key(key).String(value); }
  // The document so far, ending in a newline.
  std::string Text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
