// SPDX-License-Identifier: Apache-2.0
#include "common/exposition/escaping.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "common/base/ascii.h"
#include "common/base/strings.h"
#include "common/base/utf8.h"
#include "common/exposition/text_format.h"

namespace telltale {
namespace {

constexpr std::array<std::pair<std::string_view, Escaping>, 4> kWords{{
    {"underscores", Escaping::kUnderscores},
    {"allow-utf-8", Escaping::kAllowUtf8},
    {"dots", Escaping::kDots},
    {"values", Escaping::kValues},
}};

bool IsClassic(std::string_view character, NameKind kind, bool first) {
  if (character.size() != 1) return false;
  const char c = character[0];
  return IsLetter(c) || c == '_' || (IsDigit(c) && !first) ||
         (c == ':' && kind == NameKind::kMetric);
}

// Of well-formed UTF-8.
std::uint32_t CodePoint(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first;
  std::uint32_t point = first & (0xffu >> (character.size() + 1));
  for (const char c : character.substr(1)) {
    point = point << 6 | (static_cast<unsigned char>(c) & 0x3fu);
  }
  return point;
}

void AppendOther(std::string_view character, Escaping escaping, std::string& out) {
  if (escaping == Escaping::kUnderscores) {
    out += '_';
  } else if (escaping == Escaping::kDots) {
    out += character == "." ? "_dot_" : "__";
  } else {
    std::array<char, 8> hex;
    const auto end =
        std::to_chars(hex.data(), hex.data() + hex.size(), CodePoint(character), 16).ptr;
    out += '_';
    out.append(hex.data(), static_cast<std::size_t>(end - hex.data()));
    out += '_';
  }
}

}  // namespace

std::optional<Escaping> EscapingOf(std::string_view word) {
  for (const auto& [name, escaping] : kWords) {
    if (name == word) return escaping;
  }
  return {};
}

std::string_view EscapingWord(Escaping escaping) {
  for (const auto& [name, known] : kWords) {
    if (known == escaping) return name;
  }
  return {};
}

bool IsClassicName(std::string_view name, NameKind kind) {
  return kind == NameKind::kMetric ? IsMetricName(name) : IsLabelName(name);
}

std::string EscapeName(std::string_view name, NameKind kind, Escaping escaping) {
  if (escaping == Escaping::kAllowUtf8) return std::string(name);
  if (escaping != Escaping::kDots && IsClassicName(name, kind)) return std::string(name);
  std::string out = escaping == Escaping::kValues ? "U__" : "";
  const bool doubled = escaping != Escaping::kUnderscores;
  bool first = true;
  while (!name.empty()) {
    const std::string_view character = name.substr(0, std::max<std::size_t>(Utf8Length(name), 1));
    if (character == "_" && doubled) {
      out += "__";
    } else if (IsClassic(character, kind, first)) {
      out += character;
    } else {
      AppendOther(character, escaping, out);
    }
    first = false;
    name.remove_prefix(character.size());
  }
  return out;
}

}  // namespace telltale
