// SPDX-License-Identifier: Apache-2.0
//
// Reads JSON by walking it once in document order, without building a tree. Values that the
// callback does not ask for are skipped. Called by the decoders of operator/model and
// operator/kube. A JsonParser is used by one thread at a time and reused; values and the strings
// they give are valid only inside the callback of Parse. Depth is at most 128 where it is walked,
// documents at most 64 MiB.
//
// Before the callback runs it is known that the text is UTF-8, that its strings are closed, that
// its brackets balance and that nothing follows the root: a document that was cut short gives an
// error before any value is read. Keys, strings, numbers, words and commas are checked when the
// callback reads them. Skipped values are not checked: in {"skipped": nul, "read": 1} the bad word
// is not noticed. This makes the reader fast, and no decoder depends on a part that it does not
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

struct JsonReading;

class JsonValue {
 public:
  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject, kInvalid };
  Type type();

  // Nothing when the value is of another type. A value can be consumed once.
  std::optional<std::string_view> String();
  std::optional<std::int64_t> Int();
  std::optional<double> Double();
  std::optional<bool> Bool();

  // Calls `field` for each member in document order. A member that is not consumed is skipped.
  // Stops at the first error and returns it. kInvalid when this is not an object or is malformed.
  Status ForEachField(FunctionRef<Status(std::string_view key, JsonValue value)> field);
  Status ForEachElement(FunctionRef<Status(JsonValue value)> element);

  // The bytes of this value as they stand in the document (for annotations that keep raw JSON).
  std::optional<std::string_view> Raw();
  // How many bytes Raw would return, without consuming the value; 0 for one that is malformed.
  std::size_t RawSize() const;

 private:
  friend class JsonParser;
  JsonValue(JsonReading* reading, std::uint32_t at, std::uint32_t depth)
      : reading_(reading), at_(at), depth_(depth) {}
  Status Enter(char bracket, std::string_view name);

  JsonReading* reading_;
  std::uint32_t at_;     // the token where it starts
  std::uint32_t depth_;  // 1 for the root
};

class JsonParser {
 public:
  JsonParser();
  ~JsonParser();
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;

  // Parses one whole document and calls `root` with its root object or array. The text is read
  // where it lies, and nothing behind it is: it must not change until Parse returns. Errors say at
  // which byte and what is wrong.
  Status Parse(std::string_view text, FunctionRef<Status(JsonValue root)> root);

 private:
  std::unique_ptr<JsonReading> reading_;
};

}  // namespace telltale
