// SPDX-License-Identifier: Apache-2.0
//
// What stages take out of a line: values under names that were numbered when the pipeline was
// compiled. Plain values; the text lives in the line, the arena or the compiled pipeline.
#pragma once

#include <cstdint>
#include <string_view>

namespace telltale {

struct Value {
  // kNull is there, but is no text: JSON's null, or a path that leads nowhere.
  enum class Kind : std::uint8_t { kAbsent, kNull, kText, kBool };

  std::string_view text;  // of kText and kBool
  Kind kind = Kind::kAbsent;

  bool present() const { return kind != Kind::kAbsent; }
  bool has_text() const { return kind >= Kind::kText; }
};

// Of an entry's structured metadata.
struct MetadataPair {
  std::string_view name, value;
};

inline Value TextValue(std::string_view text) { return {text, Value::Kind::kText}; }

}  // namespace telltale
