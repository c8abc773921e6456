// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/rotated_name.h"

#include <algorithm>
#include <cstddef>

namespace telltale {
namespace {

// Shorter numbers are counts: no date has so few digits.
constexpr std::size_t kDateDigits = 6;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// What the rotation added, without .gz.
std::string_view Suffix(std::string_view base, std::string_view name) {
  name.remove_prefix(base.size());
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return name;
}

std::size_t Digits(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), IsDigit));
}

std::vector<std::uint64_t> Numbers(std::string_view text) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) continue;
    if (i == 0 || !IsDigit(text[i - 1])) out.push_back(0);
    out.back() = out.back() * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  return out;
}

// Whether most neighbours in the list changed in the order they stand in.
bool TimesAgree(const std::vector<RotatedFile>& files) {
  int balance = 0;
  for (std::size_t i = 1; i < files.size(); ++i) {
    std::int64_t before = files[i - 1].info.modified, after = files[i].info.modified;
    balance += before < after ? 1 : before > after ? -1 : 0;
  }
  return balance >= 0;
}

}  // namespace

bool IsRotationOf(std::string_view base, std::string_view name) {
  if (base.empty() || name.size() <= base.size() || !name.starts_with(base)) return false;
  std::string_view suffix = Suffix(base, name);
  if (suffix.empty()) return true;
  if (suffix[0] != '.' && suffix[0] != '-' && suffix[0] != '_') return false;
  suffix.remove_prefix(1);
  if (suffix == "old") return true;
  return !suffix.empty() && IsDigit(suffix[0]) &&
         std::all_of(suffix.begin(), suffix.end(), [](char c) {
           return IsDigit(c) || std::string_view("-_.:+TZ").find(c) != std::string_view::npos;
         });
}

void SortByAge(std::string_view base, std::vector<RotatedFile>& files) {
  auto dated = [&](const RotatedFile& file) {
    return Digits(Suffix(base, file.name)) >= kDateDigits;
  };
  auto dates = static_cast<std::size_t>(std::count_if(files.begin(), files.end(), dated));
  auto numbers = [&](const RotatedFile& file) { return Numbers(Suffix(base, file.name)); };
  if (dates == files.size()) {
    std::sort(files.begin(), files.end(),
              [&](const RotatedFile& a, const RotatedFile& b) { return numbers(a) < numbers(b); });
  } else if (dates == 0) {
    std::sort(files.begin(), files.end(),
              [&](const RotatedFile& a, const RotatedFile& b) { return numbers(a) > numbers(b); });
    if (!TimesAgree(files)) std::reverse(files.begin(), files.end());
  } else {
    std::sort(files.begin(), files.end(), [](const RotatedFile& a, const RotatedFile& b) {
      return a.info.modified < b.info.modified;
    });
  }
}

}  // namespace telltale
