// SPDX-License-Identifier: Apache-2.0
//
// Appends JSON to a string; commas and escapes are its business, order is the caller's. Invalid
// UTF-8 becomes U+FFFD, so the output is always valid JSON. Thread-compatible.
//
//   JsonWriter w(&out);
//   w.BeginObject().Key("targets").BeginArray().String(address).EndArray().EndObject();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace telltale {

class JsonWriter {
 public:
  explicit JsonWriter(std::string* out) : out_(out) {}

  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(std::int64_t value);
  JsonWriter& Double(double value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  // Text that already is JSON.
  JsonWriter& Raw(std::string_view json);
  // Key(key).String(value), the most common pair.
  JsonWriter& Field(std::string_view key, std::string_view value) { return Key(key).String(value); }

 private:
  void Separate();
  std::string* out_;
  std::vector<bool> has_items_;  // one per open object or array
  bool after_key_ = false;
};

// The quoted, escaped form of `value` appended to `out`.
void AppendJsonString(std::string_view value, std::string& out);

}  // namespace telltale
