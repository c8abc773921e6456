// SPDX-License-Identifier: Apache-2.0
//
// A JSON tree for the writes that the fake API server has to understand: apply, merge, status.
// Never used for what is only stored and sent. Thread-compatible values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace telltale {

struct Json {
  enum class Type { kNull, kString, kScalar, kArray, kObject };  // kScalar: a number or bool

  Type type = Type::kNull;
  std::string text = {};               // of a string, decoded; of a scalar, as it stands
  std::vector<std::string> keys = {};  // of an object, in the order they came
  std::vector<Json> items = {};        // of an object (one per key) or an array

  static Json Object() { return {.type = Type::kObject}; }
  static Json Array() { return {.type = Type::kArray}; }
  static Json String(std::string_view value) {
    return {.type = Type::kString, .text = std::string(value)};
  }
  static Json Int(std::int64_t value) {
    return {.type = Type::kScalar, .text = std::to_string(value)};
  }
  static Json Bool(bool value) { return {.type = Type::kScalar, .text = value ? "true" : "false"}; }

  bool is_object() const { return type == Type::kObject; }
  bool is_array() const { return type == Type::kArray; }

  // A member; null when there is none or this is no object.
  const Json* Find(std::string_view key) const;
  Json* Find(std::string_view key);
  // The member, made as null when it is not there. Makes a null an object.
  Json& operator[](std::string_view key);
  void Erase(std::string_view key);
  // A string member; empty without it.
  std::string_view StringOf(std::string_view key) const;

  // Members compare without their order.
  bool operator==(const Json& other) const;

  // Members by name, all the way down: how the API server writes custom resources.
  void SortKeys();
  // These members first and in this order.
  void OrderKeys(const std::vector<std::string_view>& first);

  void AppendTo(std::string& out) const;
  std::string Text() const;
};

Result<Json> ParseJsonTree(std::string_view text);

}  // namespace telltale
