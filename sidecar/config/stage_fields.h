// SPDX-License-Identifier: Apache-2.0
//
// The options of one stage: which there are, and into what each is read. Internal to the decoder of
// stages.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sidecar/config/decoder.h"

namespace telltale {

// "unknown key ...; write ...", or the known ones if there is no advice.
std::string UnknownKey(std::string_view key, const std::string& path, const std::string& hint,
                       const std::vector<std::string>& known);

// The options of one stage: where they are read from, and into what.
class StageOptions {
 public:
  StageOptions(Decoder& decoder, const YamlNode& node, std::string path)
      : decoder_(decoder), node_(node), path_(std::move(path)) {}

  std::string At(std::string_view key) const { return path_ + "." + std::string(key); }

  Decoder::Field Text(std::string_view key, std::string& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.String(n, At(key), out); }};
  }
  Decoder::Field Text(std::string_view key, std::optional<std::string>& out) const {
    return {key,
            [this, key, &out](const YamlNode& n) { decoder_.String(n, At(key), out.emplace()); }};
  }
  Decoder::Field Texts(std::string_view key, std::vector<std::string>& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.StringList(n, At(key), out); }};
  }
  Decoder::Field Map(std::string_view key, Labels& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.StringMap(n, At(key), out); }};
  }
  Decoder::Field Bool(std::string_view key, bool& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.Bool(n, At(key), out); }};
  }
  Decoder::Field Duration(std::string_view key, std::int64_t min, std::int64_t max,
                          std::int64_t& out) const {
    return {key, [this, key, min, max, &out](const YamlNode& n) {
              decoder_.DurationMs(n, At(key), min, max, out);
            }};
  }
  Decoder::Field Number(std::string_view key, double& out) const {
    return {key, [this, key, &out](const YamlNode& n) { decoder_.Number(n, At(key), out); }};
  }
  Decoder::Field Whole(std::string_view key, std::int64_t& out) const {
    return {key, [this, key, &out](const YamlNode& n) {
              double number = 0;
              decoder_.Number(n, At(key), number);
              if (number < 0 || number > 1e9 ||
                  number != static_cast<double>(static_cast<std::int64_t>(number))) {
                decoder_.Problem(n, At(key) + " must be a whole number, from 0 to 1000000000");
              } else {
                out = static_cast<std::int64_t>(number);
              }
            }};
  }
  // Reads the options; one that is none of `fields` is an unknown part.
  void Decode(std::initializer_list<Decoder::Field> fields) const;

  Decoder& decoder() const { return decoder_; }
  const YamlNode& node() const { return node_; }
  const std::string& path() const { return path_; }

 private:
  Decoder& decoder_;
  const YamlNode& node_;
  std::string path_;
};

}  // namespace telltale
