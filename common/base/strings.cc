// SPDX-License-Identifier: Apache-2.0
#include "common/base/strings.h"

#include <algorithm>
#include <array>

#include "common/base/ascii.h"
#include "common/base/utf8.h"

namespace telltale {
namespace {

bool IsContinuation(std::string_view bytes, std::size_t at) {
  return at < bytes.size() && (static_cast<unsigned char>(bytes[at]) & 0xC0u) == 0x80u;
}

auto LowerBound(auto& labels, std::string_view key) {
  return std::lower_bound(labels.begin(), labels.end(), key,
                          [](const auto& label, std::string_view k) { return label.first < k; });
}

bool IsLabelNameChar(char c) { return IsLetterOrDigit(c) || c == '_'; }

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

const std::string* FindLabel(const Labels& labels, std::string_view key) {
  const auto it = LowerBound(labels, key);
  return it != labels.end() && it->first == key ? &it->second : nullptr;
}

void SetLabel(Labels& labels, std::string_view key, std::string_view value) {
  const auto it = LowerBound(labels, key);
  if (it != labels.end() && it->first == key) {
    it->second = value;
  } else {
    labels.emplace(it, key, value);
  }
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::uint64_t Hash64(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

std::string HashHex(std::string_view text) {
  std::uint64_t hash = Hash64(text);
  std::string out(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4) out[i] = kHexDigits[hash & 15];
  return out;
}

void AppendValidUtf8(std::string_view bytes, std::string& out) {
  std::size_t begin = 0;  // of the well-formed run that is not yet appended
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t length = Utf8Length(bytes.substr(at));
    if (length > 0) {
      at += length;
      continue;
    }
    out.append(bytes.substr(begin, at - begin));
    out += kReplacementCharacter;
    begin = ++at;
  }
  out.append(bytes.substr(begin));
}

bool IsLabelName(std::string_view name) {
  return !name.empty() && !IsDigit(name[0]) &&
         std::all_of(name.begin(), name.end(), IsLabelNameChar);
}

std::string SanitizeLabelName(std::string_view name) {
  std::string out;
  if (!name.empty() && IsDigit(name[0])) out += '_';
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (IsContinuation(name, i)) continue;  // one '_' for a character, not for each of its bytes
    out += IsLabelNameChar(name[i]) ? name[i] : '_';
  }
  return out;
}

std::string Base64Encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    }
    out += kBase64[group >> 18 & 63];
    out += kBase64[group >> 12 & 63];
    out += have > 1 ? kBase64[group >> 6 & 63] : '=';
    out += have > 2 ? kBase64[group & 63] : '=';
  }
  return out;
}

std::optional<std::string> Base64Decode(std::string_view text) {
  std::string out;
  std::uint32_t group = 0;
  std::size_t digits = 0, padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;  // line breaks are allowed, as Go's decoder does
    const std::size_t value = c == '=' ? 0 : kBase64.find(c);
    if (c == '=') {
      ++padding;
    } else if (padding > 0 || value == std::string_view::npos) {
      return {};
    }
    group = (group << 6) | static_cast<std::uint32_t>(value);
    if (++digits % 4 != 0) continue;
    if (padding > 2) return {};
    for (std::size_t k = 0; k < 3 - padding; ++k) {
      out += static_cast<char>(group >> (16 - 8 * k) & 0xFF);
    }
    // Bits that belong to no byte must be zero, so that one value has one spelling.
    if (padding > 0 && (group & ((1u << (8 * padding)) - 1)) != 0) return {};
    group = 0;
  }
  if (digits % 4 != 0 || padding > 2) return {};
  return out;
}

}  // namespace telltale
