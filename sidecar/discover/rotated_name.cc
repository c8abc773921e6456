// SPDX-License-Identifier: Apache-2.0
#include "sidecar/discover/rotated_name.h"

#include <algorithm>
#include <cstddef>

#include "common/base/ascii.h"

namespace telltale {
namespace {

// Shorter numbers are counts: no date has so few digits.
constexpr std::size_t kDateDigits = 6;

constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
constexpr std::string_view kDateWords[] = {"t",   "z",   "w",   "am",  "pm",  "utc", "gmt", "mon",
                                           "tue", "wed", "thu", "fri", "sat", "sun", "sept"};
constexpr std::string_view kOlder[] = {"old", "prev", "previous"};
constexpr std::string_view kSeparators = ".-_ @(", kWithin = "-_.:+ ()";

std::string_view WithoutGz(std::string_view name) {
  if (name.ends_with(".gz")) name.remove_suffix(3);
  return name;
}

// What the rotation added, without .gz.
std::string_view Suffix(std::string_view base, std::string_view name) {
  name = WithoutGz(name);
  if (name.starts_with(base)) return name.substr(base.size());
  if (name.ends_with(base)) return name.substr(0, name.size() - base.size());
  const std::string_view stem = StemOf(base);
  name.remove_prefix(stem.size());
  name.remove_suffix(base.size() - stem.size());
  return name;
}

// A word of a date: a month, a day of the week, "w" before a week's number, or a part of a time.
bool IsMonth(std::string_view word) {
  const std::string lower = LowerAscii(word);
  return std::ranges::any_of(kMonths, [&](std::string_view month) {
    return lower.size() >= 3 && month.starts_with(lower);
  });
}

bool IsDateWord(std::string_view word) {
  if (IsMonth(word)) return true;
  return std::ranges::find(kDateWords, LowerAscii(word)) != std::end(kDateWords);
}

std::size_t RunOf(std::string_view text, bool (*is)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is) - text.begin());
}

// "@" and 16 hex digits or more, as multilog and svlogd write a time.
std::size_t TaiLength(std::string_view text) {
  if (!text.starts_with('@')) return 0;
  const std::size_t digits = RunOf(text.substr(1), [](char c) { return IsHexDigit(c); });
  return digits >= 16 ? digits + 1 : 0;
}

// A separator, and nothing but a number or a date, perhaps in words.
bool IsNumberOrDate(std::string_view suffix) {
  if (suffix.size() < 2 || kSeparators.find(suffix[0]) == suffix.npos) return false;
  if (suffix[0] != '@' && suffix[0] != '(') suffix.remove_prefix(1);
  if (std::string_view("-_.:+)").find(suffix[0]) != suffix.npos) return false;
  bool digits = false;
  while (!suffix.empty()) {
    std::size_t length = TaiLength(suffix);
    if (length == 0 && IsLetter(suffix[0])) {
      length = RunOf(suffix, [](char c) { return IsLetter(c); });
      if (!IsDateWord(suffix.substr(0, length))) return false;
    } else if (length == 0) {
      length = 1;
      if (!IsDigit(suffix[0]) && kWithin.find(suffix[0]) == suffix.npos) return false;
    }
    digits = digits || suffix[0] == '@' || IsDigit(suffix[0]);
    suffix.remove_prefix(length);
  }
  return digits;
}

bool HasMonth(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = RunOf(text, [](char c) { return IsLetter(c); });
    if (IsMonth(text.substr(0, length))) return true;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return false;
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

// A date that sorts as text does: 2024-01-31, 20240131..., or Unix seconds or milliseconds. Such as
// 31012024 or 01-31-2024 do not.
bool YearFirst(std::string_view suffix) {
  const std::vector<std::uint64_t> numbers = Numbers(suffix);
  if (numbers.empty() || HasMonth(suffix)) return false;
  const std::uint64_t first = numbers[0];
  const auto is_year = [](std::uint64_t year) { return year >= 1970 && year < 2200; };
  if (numbers.size() > 1 && first < 10'000) return is_year(first) && numbers[1] <= 12;
  const std::string text = std::to_string(first);
  if ((text.size() == 10 || text.size() == 13) && text[0] == '1') return true;
  if (text.size() != 6 && text.size() != 8 && text.size() < 10) return false;
  const auto part = [&](std::size_t at, std::size_t n) { return std::stoull(text.substr(at, n)); };
  return is_year(part(0, 4)) && part(4, 2) >= 1 && part(4, 2) <= 12;
}

bool IsOlder(std::string_view suffix) {
  return !suffix.empty() && kSeparators.substr(0, 3).find(suffix[0]) != suffix.npos &&
         std::ranges::find(kOlder, suffix.substr(1)) != std::end(kOlder);
}

// 31-01-2024 or 01-31-2024.
bool YearLast(std::string_view text) {
  const std::vector<std::uint64_t> numbers = Numbers(text);
  return numbers.size() >= 3 && numbers[0] >= 1 && numbers[0] <= 31 && numbers[1] >= 1 &&
         numbers[1] <= 31 && numbers[2] >= 1970 && numbers[2] < 2200;
}

// Nothing but a date, which begins with a digit.
bool IsDate(std::string_view text) {
  if (text.empty() || !IsDigit(text[0]) || !IsNumberOrDate("." + std::string(text))) return false;
  return YearFirst(text) || YearLast(text) || (HasMonth(text) && Digits(text) >= 3);
}

// True if modification times mostly ascend.
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
  return suffix.empty() || IsNumberOrDate(suffix) || IsOlder(suffix);
}

std::string_view StemOf(std::string_view base) {
  const std::size_t dot = base.rfind('.');
  return dot == base.npos || dot == 0 ? base : base.substr(0, dot);
}

bool IsDatedBeside(std::string_view base, std::string_view name) {
  const std::string_view stem = StemOf(base), extension = base.substr(stem.size());
  name = WithoutGz(name);
  if (extension.empty() || name.size() <= base.size() || !name.starts_with(stem) ||
      !name.ends_with(extension)) {
    return false;
  }
  const std::string_view between = name.substr(stem.size(), name.size() - base.size());
  return IsNumberOrDate(between) || IsOlder(between);
}

std::vector<std::string_view> BasesBehindDate(std::string_view name) {
  std::vector<std::string_view> bases;
  name = WithoutGz(name);
  if (name.empty() || !IsDigit(name[0])) return bases;
  for (std::size_t at = name.find_first_of(".-_ "); at != name.npos && at + 1 < name.size();
       at = name.find_first_of(".-_ ", at + 1)) {
    if (IsDate(name.substr(0, at))) bases.push_back(name.substr(at + 1));
  }
  return bases;
}

bool IsDatedBefore(std::string_view base, std::string_view name) {
  if (base.empty() || !WithoutGz(name).ends_with(base)) return false;
  const std::vector<std::string_view> bases = BasesBehindDate(name);
  return std::ranges::find(bases, base) != bases.end();
}

bool IsGenerationOf(std::string_view base, std::string_view name) {
  return IsRotationOf(base, name) || IsDatedBeside(base, name) || IsDatedBefore(base, name);
}

bool Mentions(std::string_view name, std::string_view base) {
  const std::string_view stem = StemOf(base);
  const auto ends = [&](std::size_t at) {
    return at >= name.size() || !(IsLetter(name[at]) || IsDigit(name[at]));
  };
  for (std::size_t at = name.find(stem); at != name.npos && !stem.empty();
       at = name.find(stem, at + 1)) {
    if ((at == 0 || ends(at - 1)) && ends(at + stem.size())) return true;
  }
  return false;
}

void SortByAge(std::string_view base, std::vector<RotatedFile>& files) {
  auto dated = [&](const RotatedFile& file) {
    const std::string_view suffix = Suffix(base, file.name);
    return Digits(suffix) >= kDateDigits || HasMonth(suffix);
  };
  auto dates = static_cast<std::size_t>(std::count_if(files.begin(), files.end(), dated));
  auto numbers = [&](const RotatedFile& file) { return Numbers(Suffix(base, file.name)); };
  const bool year_first = std::all_of(files.begin(), files.end(), [&](const RotatedFile& file) {
    return YearFirst(Suffix(base, file.name));
  });
  if (dates == files.size() && year_first) {
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
