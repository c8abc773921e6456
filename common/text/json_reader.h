// SPDX-License-Identifier: Apache-2.0
//
// Reads JSON by walking it once in document order, without building a tree: what is not asked for
// is skipped. Called by the decoders of operator/model and operator/kube. The implementation is the
// fence of simdjson On-Demand. A JsonParser is used by one thread at a time and reused; values and
// the strings they give are valid only inside the callback of Parse. Depth is at most 128 (our
// cap is stricter than simdjson's 1024), documents at most 64 MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "common/base/function_ref.h"
#include "common/base/result.h"

namespace telltale {

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

 private:
  friend class JsonParser;
  friend struct JsonAccess;
  alignas(8) std::byte storage_[48];  // a simdjson::ondemand::value; size asserted in the .cc
};

class JsonParser {
 public:
  JsonParser();
  ~JsonParser();
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;

  // Parses one whole document and calls `root` with its root object or array. The text is copied
  // into the parser's padded buffer, which is kept. Errors say at which byte and what is wrong.
  Status Parse(std::string_view text, FunctionRef<Status(JsonValue root)> root);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace telltale
