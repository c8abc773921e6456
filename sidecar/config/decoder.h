// SPDX-License-Identifier: Apache-2.0
//
// What every decoder of a configuration needs: a map whose keys are all known, scalars of a type,
// and one sentence with file and line for each thing that is wrong. Decoding goes on after a
// problem, so that a person sees all of them at once. Used inside sidecar/config only.
// Thread-compatible.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/strings.h"
#include "common/text/yaml_reader.h"

namespace telltale {

class Decoder {
 public:
  struct Field {
    std::string_view key;
    std::function<void(const YamlNode&)> decode;
  };

  Decoder(std::string_view file, std::vector<std::string>& problems)
      : file_(file), problems_(problems) {}

  // Appends "FILE:LINE: <what>".
  void Problem(const YamlNode& node, std::string_view what);

  // Problems so far.
  std::size_t count() const { return problems_.size(); }

  // Null counts as an empty map and as an absent value: `labels:` with nothing after it.
  // `path` names the place in sentences: "loki", "logs[0].files"; empty for the root.
  void Map(const YamlNode& node, std::string_view path, std::initializer_list<Field> fields);
  void Sequence(const YamlNode& node, std::string_view path,
                const std::function<void(const YamlNode&, const std::string& item_path)>& item);

  void String(const YamlNode& node, std::string_view path, std::string& out);
  void StringList(const YamlNode& node, std::string_view path, std::vector<std::string>& out);
  void StringMap(const YamlNode& node, std::string_view path, Labels& out);
  void Bool(const YamlNode& node, std::string_view path, bool& out);
  void DurationMs(const YamlNode& node, std::string_view path, std::int64_t min, std::int64_t max,
                  std::int64_t& out);
  void Number(const YamlNode& node, std::string_view path, double& out);
  void Bytes(const YamlNode& node, std::string_view path, std::int64_t min, std::int64_t max,
             std::int64_t& out);

 private:
  bool IsScalar(const YamlNode& node, std::string_view path, std::string_view wanted);

  std::string_view file_;
  std::vector<std::string>& problems_;
};

}  // namespace telltale
