// SPDX-License-Identifier: Apache-2.0
//
// Names for scrapers that do not take every name: the escaping schemes of Prometheus
// (docs/instrumenting/escaping_schemes). A classic name has letters, digits, underscores and, in a
// metric's name, colons. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace telltale {

enum class Escaping {
  kUnderscores,  // every other character is an underscore
  kAllowUtf8,    // names stay as they are
  kDots,         // "." is "_dot_", "_" is "__", every other character is "__"
  kValues,       // "U__" and each other character as "_HEX_", "_" is "__"
};

// By the word of an Accept header: "underscores", "allow-utf-8", "dots", "values".
std::optional<Escaping> EscapingOf(std::string_view word);
std::string_view EscapingWord(Escaping escaping);

enum class NameKind { kMetric, kLabel };

bool IsClassicName(std::string_view name, NameKind kind);
std::string EscapeName(std::string_view name, NameKind kind, Escaping escaping);

}  // namespace telltale
